"""Advice on a run as it is trained."""

from __future__ import annotations

from nn.events import EpochCompleted, Event, StepCompleted
from nn.storage.records import Outcome
from nn.training.advice import Advice
from nn.training.advisor import Advisor
from nn.training.failure import ending_advice
from nn.training.trainer import Trainer


class Advising:
    """Looks at a run after each event; as long as all is well, at a few numbers of an epoch.

    Call `follow` with each event, and `conclude` once in the end, all from the thread that trains.
    `newest` may be read from any thread.
    """

    def __init__(self, trainer: Trainer, init_from: str | None = None) -> None:
        self.newest: Advice | None = None
        self._init_from = init_from
        self._advisor = Advisor(
            trainer.config, trainer.steps_per_epoch, trainer.dataset.spec.classes
        )

    def follow(self, trainer: Trainer, event: Event) -> Advice | None:
        """New advice after an event, or None."""
        if not isinstance(event, EpochCompleted | StepCompleted):
            return None
        self._advisor.rate_factor = trainer.rate_factor
        return self._put(self._advisor.observe(event, trainer.predictor, trainer.train.images))

    def conclude(self, trainer: Trainer, outcome: Outcome) -> Advice | None:
        """Advice on how the run ended, or None; a cause that was given before is not repeated."""
        known = self._advisor.explained or (self.newest is not None and self.newest.back)
        if known and outcome.reason != "diverged":
            return None
        return self._put(
            ending_advice(
                trainer.config,
                outcome.reason,
                outcome.step,
                outcome.epoch,
                outcome.best,
                trainer.dataset.test.labels,
                final=outcome.evaluation,
                spec=trainer.dataset.spec,
                init_from=self._init_from,
                rate_factor=trainer.rate_factor,
            )
        )

    def _put(self, advice: Advice | None) -> Advice | None:
        self.newest = advice or self.newest
        return advice
