"""Published numbers compared with those of a run of ours, with a verdict on each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from nn.events import EpochCompleted, Evaluation, Event, RunFinished, RunStarted, StepCompleted
from nn.recipes import Published

Verdict = Literal["within", "better", "above", "below", "missing"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One published number and ours.

    `obtained` is in the unit of `published`, and None where the run never measured it; `step` and
    `epoch` are those of our evaluation. `verdict` is "within" the published band and its tolerance,
    "above" or "below" that, "better" where it is above for a reason that the recipe gives, or
    "missing".
    """

    published: Published
    obtained: float | None
    step: int | None
    epoch: float | None
    verdict: Verdict

    @property
    def reproduced(self) -> bool:
        """Whether the number is within the band, or above it for a reason that the recipe gives."""
        return self.verdict in ("within", "better")

    @property
    def reason(self) -> str:
        """The recipe's reason for a number above or below the band, or empty."""
        reasons = {"better": self.published.above, "below": self.published.below}
        return reasons.get(self.verdict, "")


def compare(published: Iterable[Published], events: Iterable[Event]) -> Iterator[Comparison]:
    """Compare published numbers with the evaluations of a run, each as soon as its event comes.

    Numbers that were measured at the end of a run, and numbers that the run never reached, come
    last.
    """
    waiting = list(published)
    last: Evaluation | None = None
    steps_per_epoch = 1
    for event in events:
        if isinstance(event, RunStarted):
            steps_per_epoch = event.steps_per_epoch
        if isinstance(event, StepCompleted | EpochCompleted) and event.evaluation:
            last = event.evaluation
            due = [value for value in waiting if _step(value, steps_per_epoch) == last.step]
            for value in due:
                waiting.remove(value)
                yield _judge(value, last)
        if isinstance(event, RunFinished):
            for value in waiting:
                at_end = value.epoch is None and value.step is None
                yield _judge(value, last if at_end and event.reason != "diverged" else None)


def _step(published: Published, steps_per_epoch: int) -> int | None:
    return published.epoch * steps_per_epoch if published.epoch else published.step


def _judge(published: Published, evaluation: Evaluation | None) -> Comparison:
    split, _, quantity = published.metric.partition("_")
    score = None
    if evaluation:
        score = evaluation.train if split == "train" else evaluation.test
    if evaluation is None or score is None:
        return Comparison(published, None, None, None, "missing")
    obtained = published.scale * (score.loss if quantity == "loss" else score.accuracy)
    verdict: Verdict = "within"
    if obtained < published.low - published.tolerance:
        verdict = "below"
    elif obtained > published.high + published.tolerance:
        verdict = "better" if published.above else "above"
    return Comparison(published, obtained, evaluation.step, evaluation.epoch, verdict)
