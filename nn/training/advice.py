"""Advice while a run is trained: what its numbers show, and which field to change.

The rules look at a run that learns nothing, or no longer learns, and name the most likely cause. A
network that learns in spite of a symptom gets no advice: half of the study notes' recipes train
with saturated units. Each threshold stands beside the rule that uses it. The tests hold the rules
to no false alarm on any recipe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from nn.arrays import Array
from nn.config import TrainConfig
from nn.events import EpochCompleted, Evaluation, StepCompleted
from nn.network.layers import ACTIVATIONS
from nn.network.losses import LOSSES
from nn.network.predictor import Predictor
from nn.training.best_weights import (
    RISE,
    BestWeights,
    chance_accuracy,
    has_collapsed,
    has_learned,
)
from nn.training.health import health, relative_update
from nn.training.hindrances import hindrance, told
from nn.training.trends import BatchLosses, ValidationLosses

# Before this step, small initial weights keep good networks, too, at the loss of chance.
_LEAST_STEPS = 400
_RISES = 2  # epochs in a row with a loss of `RISE` times the lowest before
_FALLS = 0.9  # an epoch's loss against the one before, of a network that still learns
_EXPLODED = 5.0  # an epoch's loss against that of chance
_MOST_UNITS = 0.9  # the share of its units or outputs from which a layer counts as lost
_VANISHED = 1 / 50  # the first layer's gradient against the last one's
_INPUT_NORM = 9.0  # of an image with pixels from 0 to 1
_LARGE_SPREAD = 20.0  # of the first layer's outputs, before the activation
_LOW_UPDATE = 0.5  # the change of the weights in an epoch, relative to their size

GO_BACK = "go back to its best epoch, at a tenth of the --learning-rate"
"""The remedy of a run that has learned something before."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the numbers show, and what to change; as text, one sentence of the two.

    `kind` is the name of the rule, `field` that of the configuration field to change. `factor` is
    what the learning rate may be multiplied by at once, where that helps a run that goes on. `back`
    is whether the run has learned before, so that its best epoch is worth going back to.
    """

    kind: str
    sentence: str
    remedy: str
    field: str
    factor: float | None = None
    back: bool = False

    def __str__(self) -> str:
        return f"{self.sentence}; {self.remedy}"


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

        `predictor` is the network as it is, and `images` are some, uint8 (n, 784), to try it on.
        """
        if event.evaluation is not None:
            scores = (event.evaluation.train, event.evaluation.validation, event.evaluation.test)
            self._accuracy = max(score.accuracy for score in scores if score is not None)
            self._weights.add(event.evaluation)
        best = self._weights.best
        self._can_go_back = (
            best is not None and best.step < event.step and has_learned(best, self.classes)
        )
        advice = self._overfits(event.evaluation) if event.evaluation is not None else None
        if isinstance(event, StepCompleted):
            advice = advice or self._of_batches(event, predictor, images)
        else:
            stuck = self._is_stuck(event)
            rising = self._rises(event)
            if advice is None and stuck and self.config.init == "normal":
                advice = self._too_large()
            if advice is None and rising:
                before = min(self._losses, default=self._chance_loss)
                advice = self._dead_units(predictor, images) or self._too_high(
                    f"the training loss rises: {event.train_loss:.3g} after {before:.3g}"
                )
            if advice is None and stuck and not self._explained:
                advice = self._cause(event, predictor, images)
                self._explained = True
            if advice is None and not self._explained:
                advice = self._too_low(event)
            self._losses.append(event.train_loss)
        if advice is None or advice.kind in self._given:
            return None
        self._given.add(advice.kind)
        return advice

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
        if advice is None and self._batches.exploded and self._too_large() is None:
            times = event.loss / self._chance_loss
            advice = self._too_high(
                f"the loss is {event.loss:.3g}, {times:.0f} times that of guessing, and does not"
                " fall"
            )
        self._explained = advice is not None
        return advice

    def _dead_units(self, predictor: Predictor | None, images: Array | None) -> Advice | None:
        """Advice where next to all units of a hidden layer are dead, of weights that differ."""
        same = self.config.init == "normal" and self.config.init_std == 0
        rectifies = ACTIVATIONS[self.config.activation].rectifies
        if predictor is None or images is None or same or not rectifies:
            return None
        dead = health(predictor, images).dead
        if not dead or max(dead) < _MOST_UNITS:
            return None
        layer = dead.index(max(dead)) + 1
        remedy = "start again with a tenth of the --learning-rate, or with --init=he-normal"
        if self.rate_factor > 1:
            remedy = f"start again without raising the rate by hand (x{self.rate_factor:g})"
        return self._going_back(
            Advice(
                "dead units",
                f"{max(dead):.0%} of the units of hidden layer {layer} are dead: their ReLU gives 0"
                " for every image, and no gradient passes",
                remedy,
                "learning_rate",
            )
        )

    def _too_large(self) -> Advice | None:
        """Advice where the initial weights saturate the first layer, or make its outputs huge."""
        spread = self.config.init_std * _INPUT_NORM
        if spread < _LARGE_SPREAD:
            return None
        return Advice(
            "weights too large",
            f"the outputs of the first layer have a standard deviation of about {spread:.0f} at the"
            " start",
            "start with smaller weights: --init=glorot-normal, or --init-std=0.01",
            "init_std",
        )

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
        above = bool(self._losses) and event.train_loss > RISE * min(self._losses)
        self._rising = self._rising + 1 if above else 0
        collapsed = event.evaluation is not None and has_collapsed(
            event.evaluation, self._weights.best, self.classes
        )
        if self._rising >= _RISES or (above and collapsed):
            return True
        known = bool(self._losses) or event.evaluation is not None  # see `_is_stuck`
        exploded = (
            self.config.loss == "cross-entropy" and event.train_loss > _EXPLODED * self._chance_loss
        )
        return exploded and known and self._accuracy < 0.5 and event.step >= _LEAST_STEPS

    def _cause(
        self, event: EpochCompleted, predictor: Predictor | None, images: Array | None
    ) -> Advice:
        """The first cause whose symptom is there, for a network that learns nothing."""
        norms, config = event.gradient_norms, self.config
        if config.init == "normal" and config.init_std == 0:
            return Advice(
                "weights all the same",
                "the weights start at 0, so that all units of a layer stay the same",
                "start with random weights: --init=he-normal, or --init-std=0.01",
                "init",
            )
        if (held := hindrance(config)) is not None:
            does, remedy = told(config, held)
            return Advice(
                "held back", f"the loss is still that of guessing: {does}", remedy, held.field
            )
        if (dead := self._dead_units(predictor, images)) is not None:
            return dead
        if predictor is not None and images is not None:
            found = health(predictor, images)
            if found.saturated and max(found.saturated) >= _MOST_UNITS:
                layer = found.saturated.index(max(found.saturated)) + 1
                return Advice(
                    "saturated units",
                    f"{max(found.saturated):.0%} of the outputs of hidden layer {layer} lie at the"
                    f" end of the {config.activation}'s range, where its derivative is next to 0",
                    "start with smaller weights: --init=glorot-normal, or a smaller --init-std",
                    "init",
                )
            if found.outputs >= _MOST_UNITS and not LOSSES[config.loss].takes_logits:
                return Advice(
                    "saturated outputs",
                    f"{found.outputs:.0%} of the outputs are saturated, where the gradient of a"
                    " squared error dies",
                    "take --loss=binary-cross-entropy with --output-activation=identity, or a"
                    " lower --learning-rate",
                    "loss",
                )
        if len(norms) > 2 and norms[0] < _VANISHED * norms[-1]:
            return Advice(
                "vanishing gradients",
                f"the first layer gets {norms[0] / norms[-1]:.1g} of the last layer's gradient:"
                f" each {config.activation} on the way makes it smaller",
                "take --activation=relu, or --init=glorot-normal with a higher --learning-rate",
                "activation",
            )
        moved = relative_update(config, event, predictor, self.steps_per_epoch)
        if moved < _LOW_UPDATE:
            return self._rate_too_low(
                "the loss is still that of guessing, and the weights hardly move"
            )
        if math.isfinite(event.train_loss) and event.train_loss > 1.5 * self._chance_loss:
            return self._too_high(
                f"the training loss is {event.train_loss:.3g}, above that of guessing"
            )
        return Advice(
            "labels",
            f"the loss stays at that of guessing ({event.train_loss:.3f}) although the weights"
            " move",
            "look at the images with their labels: do they belong together? If so, try another"
            " --learning-rate",
            "data_dir",
        )

    def _too_low(self, event: EpochCompleted) -> Advice | None:
        """Advice where the loss falls so slowly that the whole run would not reach its end."""
        slow = self.config.loss == "cross-entropy" and event.train_loss > 0.8 * self._chance_loss
        falls = bool(self._losses) and event.train_loss < self._losses[-1]
        plain = self.config.schedule == "constant"
        if plain and slow and falls and event.epoch >= 2 and event.step >= 2 * _LEAST_STEPS:
            return self._rate_too_low(
                f"the training loss falls, but slowly: {event.train_loss:.2f} after {event.epoch}"
                " epochs"
            )
        return None

    def _overfits(self, evaluation: Evaluation) -> Advice | None:
        """Advice where the validation loss rises while the training loss goes on falling."""
        lowest = self._validation.lowest
        if not self._validation.turns(evaluation) or evaluation.validation is None:
            return None
        return Advice(
            "overfitting",
            f"the validation loss rises ({evaluation.validation.loss:.3f}, lowest {lowest:.3f})"
            " while that of training falls: the network learns its images by heart",
            "stop here (--patience=3 does), or take --dropout=0.2, --weight-decay=1e-4 or more"
            " images",
            "patience",
        )

    def _too_high(self, sentence: str) -> Advice:
        remedy = f"take a lower --learning-rate, {self.config.learning_rate / 10:g} say"
        if self.rate_factor > 1:
            remedy = f"the rate was raised by hand, x{self.rate_factor:g}: lower it again"
        return self._going_back(Advice("rate too high", sentence, remedy, "learning_rate", 0.1))

    def _rate_too_low(self, sentence: str) -> Advice:
        remedy = f"take a higher --learning-rate, {self.config.learning_rate * 10:g} say"
        if self.rate_factor < 1:
            remedy = f"the rate was lowered by hand, x{self.rate_factor:g}: raise it again"
        return Advice("rate too low", sentence, remedy, "learning_rate", 10.0)

    def _going_back(self, advice: Advice) -> Advice:
        """The same, but with the way back to the best epoch where the run has learned before."""
        if not self._can_go_back:
            return advice
        return replace(advice, remedy=GO_BACK, back=True)
