"""Following a run: after each event, whether there is advice on it, each kind of it once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import EpochCompleted, StepCompleted
from nn.network.predictor import Predictor
from nn.training.advice import (
    COLLAPSES,
    Advice,
    cause,
    dead_units,
    overfitting,
    rate_too_high,
    rate_too_low,
    weights_too_large,
)
from nn.training.best_weights import (
    RISE,
    BestWeights,
    chance_accuracy,
    has_collapsed,
    has_learned,
)
from nn.training.health import health
from nn.training.trends import BatchLosses, ValidationLosses

# Before this step, small initial weights keep good networks, too, at the loss of chance.
_LEAST_STEPS = 400
_RISES = 2  # epochs in a row with a loss of `RISE` times the lowest before
_FALLS = 0.9  # an epoch's loss against the one before, of a network that still learns
_EXPLODED = 5.0  # an epoch's loss against that of chance
_LEARNED = 0.02  # the same; below it a loss that doubles means nothing


@dataclass
class Advisor:
    """Follows a run event by event, and gives every kind of advice once.

    `rate_factor`, which may be set at any time, is what the user multiplies the learning rate by.
    """

    config: TrainConfig
    steps_per_epoch: int
    classes: int = 10
    rate_factor: float = 1.0
    _given: set[str] = field(default_factory=set)
    _losses: list[float] = field(default_factory=list)
    _accuracy: float = 0.0
    _validation: ValidationLosses = field(default_factory=ValidationLosses)
    _rising: int = 0
    _explained: bool = False
    _can_go_back: bool = False
    _looked_at: int = 0  # the step at which units were last looked at inside an epoch

    def __post_init__(self) -> None:
        self._batches = BatchLosses(self._chance_loss)
        self._weights = BestWeights(self.config)

    @property
    def _chance_loss(self) -> float:
        """The cross-entropy of equal probabilities."""
        return math.log(self.classes)

    @property
    def explained(self) -> bool:
        """Whether a reason was given why the network learns nothing."""
        return self._explained

    def observe(
        self,
        event: EpochCompleted | StepCompleted,
        predictor: Predictor | None = None,
        images: Array | None = None,
    ) -> Advice | None:
        """New advice after an event, or None.

        `predictor` is the network as it is, and `images` are some, uint8 (n, pixels), to try it on.
        """
        if event.evaluation is not None:
            scores = (event.evaluation.train, event.evaluation.validation, event.evaluation.test)
            self._accuracy = max(score.accuracy for score in scores if score is not None)
            self._weights.add(event.evaluation)
        best = self._weights.best
        self._can_go_back = (
            best is not None and best.step < event.step and has_learned(best, self.classes)
        )
        advice = self._new(self._overfits(event))
        if isinstance(event, StepCompleted):
            return advice or self._new(self._of_batches(event, predictor, images))
        stuck, rising = self._is_stuck(event), self._rises(event)
        if advice is None and stuck:
            advice = self._new(weights_too_large(self.config))
            self._explained |= advice is not None
        if advice is None:
            advice = self._new(self._of_epoch(event, predictor, images, stuck, rising))
        self._losses.append(event.train_loss)
        return advice

    def _new(self, advice: Advice | None) -> Advice | None:
        """The advice, or None where its kind was given before, so that another rule may speak."""
        if advice is None or advice.kind in self._given:
            return None
        self._given.add(advice.kind)
        return advice

    def _of_epoch(
        self,
        event: EpochCompleted,
        predictor: Predictor | None,
        images: Array | None,
        stuck: bool,
        rising: bool,
    ) -> Advice | None:
        """Advice after an epoch whose loss rises, stays at that of guessing, or hardly falls."""
        if rising:
            before = min(self._losses, default=self._chance_loss)
            return self._dead_units(predictor, images) or self._too_high(
                f"the training loss rises: {event.train_loss:.3g} after {before:.3g}"
            )
        if self._explained:
            return None
        if stuck:
            self._explained = True
            return self._cause(event, predictor, images)
        return self._too_low(event)

    def _of_batches(
        self, event: StepCompleted, predictor: Predictor | None, images: Array | None
    ) -> Advice | None:
        """Advice inside an epoch, where the loss shows at once that the run is lost."""
        if self.config.loss != "cross-entropy" or self._explained:
            return None
        self._batches.add(event)
        if not self._batches.guessing:
            return None
        advice = None
        # A network that guesses for long is looked at ever more seldom, since that takes time.
        if event.step >= 1.5 * self._looked_at:
            self._looked_at = event.step
            advice = self._dead_units(predictor, images)
        if advice is None and self._batches.exploded and weights_too_large(self.config) is None:
            times = event.loss / self._chance_loss
            advice = self._too_high(
                f"the loss is {event.loss:.3g}, {times:.0f} times that of guessing, and does not"
                " fall"
            )
        self._explained = advice is not None
        return advice

    def _dead_units(self, predictor: Predictor | None, images: Array | None) -> Advice | None:
        if predictor is None or images is None:
            return None
        dead = dead_units(self.config, health(predictor, images), self.rate_factor)
        return dead and self._going_back(dead)

    def _cause(
        self, event: EpochCompleted, predictor: Predictor | None, images: Array | None
    ) -> Advice:
        """Why the network learns nothing."""
        found = cause(
            self.config,
            event,
            predictor,
            images,
            factor=self.rate_factor,
            steps=self.steps_per_epoch,
            chance_loss=self._chance_loss,
        )
        return self._going_back(found) if found.kind in COLLAPSES else found

    def _is_stuck(self, event: EpochCompleted) -> bool:
        """Whether the network has learned nothing by now."""
        if event.step < _LEAST_STEPS:
            return False
        if event.evaluation is not None:
            return self._accuracy < chance_accuracy(self.classes)
        # The loss of an epoch is a mean that includes its start, so the first one proves nothing.
        before = self._losses[-1] if self._losses else math.inf
        falls = not event.train_loss > _FALLS * before
        chance = self.config.loss == "cross-entropy" and event.train_loss > 0.97 * self._chance_loss
        return chance and not falls

    def _rises(self, event: EpochCompleted) -> bool:
        """Whether the training loss is well above its lowest for several epochs, or far above."""
        least = max(RISE * min(self._losses, default=math.inf), _LEARNED * self._chance_loss)
        above = event.train_loss > least
        self._rising = self._rising + 1 if above else 0
        collapsed = event.evaluation is not None and has_collapsed(
            event.evaluation, self._weights.best, self.classes
        )
        if self._rising >= _RISES or (above and collapsed):
            return True
        known = bool(self._losses) or event.evaluation is not None  # see `_is_stuck`
        exploded = (
            self.config.loss == "cross-entropy"
            and event.train_loss > _EXPLODED * self._chance_loss
            and weights_too_large(self.config) is None  # those have a high loss that falls
        )
        return exploded and known and self._accuracy < 0.5 and event.step >= _LEAST_STEPS

    def _too_low(self, event: EpochCompleted) -> Advice | None:
        """Advice where the loss falls so slowly that the whole run would not reach its end."""
        slow = self.config.loss == "cross-entropy" and event.train_loss > 0.8 * self._chance_loss
        falls = bool(self._losses) and event.train_loss < self._losses[-1]
        plain = self.config.schedule == "constant"
        if plain and slow and falls and event.epoch >= 2 and event.step >= 2 * _LEAST_STEPS:
            return rate_too_low(
                self.config,
                f"the training loss falls, but slowly: {event.train_loss:.2f} after {event.epoch}"
                " epochs",
                self.rate_factor,
            )
        return None

    def _overfits(self, event: EpochCompleted | StepCompleted) -> Advice | None:
        """Advice where the validation loss rises while the training loss goes on falling.

        Where the training images are not scored, their loss is that of the batches.
        """
        if event.evaluation is None or event.evaluation.validation is None:
            return None
        loss, lowest = event.evaluation.validation.loss, self._validation.lowest
        train_loss = event.loss if isinstance(event, StepCompleted) else event.train_loss
        if event.evaluation.train is not None:
            train_loss = event.evaluation.train.loss
        return overfitting(loss, lowest) if self._validation.turns(loss, train_loss) else None

    def _too_high(self, sentence: str) -> Advice:
        return self._going_back(rate_too_high(self.config, sentence, self.rate_factor))

    def _going_back(self, advice: Advice) -> Advice:
        """The same, but with the way back to the best epoch where the run has learned before."""
        return advice.going_back() if self._can_go_back else advice
