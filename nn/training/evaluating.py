"""What the weights of a run are worth between two steps: their loss and accuracy on each split."""

from __future__ import annotations

import time

import numpy as np

from nn.config import TrainConfig
from nn.events import Evaluation
from nn.training.early_stopping import EarlyStopping
from nn.training.engine import Engine
from nn.training.progress import Progress


# A loss that is not finite is told by `Evaluation.is_finite`; NumPy's warnings would add nothing.
@np.errstate(all="ignore")
def evaluate(
    engine: Engine,
    config: TrainConfig,
    progress: Progress,
    stopping: EarlyStopping,
    steps_per_epoch: int,
) -> Evaluation:
    """Score the weights on every split that there is; `progress` takes in the time and the result.

    With `average_decay` the scores are those of the average, and `raw` is that of the weights
    themselves, on the validation images or, where there are none, the test images.
    """
    validates = config.validation > 0
    began = time.perf_counter()
    train = engine.score("train") if config.eval_train else None
    validation = engine.score("validation") if validates else None
    test = engine.score("test")
    averages = config.average_decay > 0
    raw = engine.score("validation" if validates else "test", raw=True) if averages else None
    progress.evaluating_seconds += time.perf_counter() - began
    progress.evaluation = Evaluation(
        step=progress.step,
        epoch=progress.step / steps_per_epoch,
        train=train,
        validation=validation,
        test=test,
        improved=stopping.is_improvement(validation, test),
        seconds=progress.seconds,
        raw=raw,
    )
    return progress.evaluation
