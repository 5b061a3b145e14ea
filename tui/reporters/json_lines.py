"""A run as JSON Lines on standard output: one strict JSON object an event, flushed as it happens.

Every object has `event`; consumers should ignore names they do not know. Losses are means over images,
accuracies fractions from 0 to 1, times seconds since the start. A number that is not finite is null;
`run_finished` then has the reason "diverged". Otherwise null means "not measured" or "none".

`run_started`, always first:
    schema              1; grows when a name below changes its meaning or goes away
    config              every field of the configuration, by name
    recipe              name of the recipe the configuration started from, or null
    command             the command line that repeats the run
    layers              [{name, output_shape, parameters}, ...], input side first
    parameters          number of parameters
    train_images, validation_images, test_images
    steps_per_epoch, total_steps, start_step
    data_name, data_sha256
    threads             of the matrix products, or null where the BLAS library does not tell
    versions            {"mnist-tui", "python", "numpy", "platform"}

`step`, at a limited rate (--step-interval):
    step                updates done
    epoch               the epoch it belongs to, from 1
    loss                mean training loss of the batches since the last `step`
    learning_rate
    gradient_norms      L2 norm of each linear layer's gradient in the last batch, input side first
    samples_per_second  of training, evaluation apart
    seconds
    evaluation          an evaluation or null

`epoch`, after each pass:
    epoch, step, train_loss, learning_rate, gradient_norms, samples_per_second, seconds, evaluation

`rate_changed`, where the learning rate is changed by hand:
    step, factor

`run_finished`, last unless the process is killed or its output closed:
    reason              "completed", "early-stopped", "diverged" or "interrupted" (SIGINT, SIGTERM)
    step, epoch         where it ended; epoch is a fraction inside an epoch
    kept_step           the step whose weights the model holds
    evaluation          of those weights, or null
    best                the evaluation with the highest test accuracy, or null
    samples_per_second, seconds
    saved               the model file written, or null

An evaluation is
    {step, epoch, train, validation, test, improved, seconds}
where train, validation and test are {loss, accuracy}, the first two or null.
"""

from __future__ import annotations

import json
import math
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, TextIO

from nn.events import EpochCompleted, RateChanged, RunStarted, StepCompleted
from tui.reporters import Invocation, Outcome, Shown
from tui.versions import versions

SCHEMA = 1

_NAMES: dict[type, str] = {
    RunStarted: "run_started",
    StepCompleted: "step",
    EpochCompleted: "epoch",
    RateChanged: "rate_changed",
    Outcome: "run_finished",
}


class JsonLines(AbstractContextManager["JsonLines"]):
    """The reporter of --json."""

    def __init__(self, invocation: Invocation, stream: TextIO) -> None:
        self._invocation = invocation
        self._stream = stream

    def show(self, event: Shown) -> None:
        """Write one line."""
        write_json(json_object(event, self._invocation), self._stream)

    def __exit__(self, *exception: object) -> None:
        pass


def json_object(event: Shown, invocation: Invocation) -> dict[str, Any]:
    """The object of one event, as the schema above has it; numbers that are not finite are None."""
    record: dict[str, Any] = {"event": _NAMES[type(event)]}
    if isinstance(event, RunStarted):
        record |= {"schema": SCHEMA, **asdict(invocation), "versions": versions()}
    finite: dict[str, Any] = _finite(record | asdict(event))
    return finite


def write_json(record: Any, stream: TextIO) -> None:
    """Write one strict JSON value as a line and flush it."""
    stream.write(json.dumps(_finite(record), allow_nan=False) + "\n")
    stream.flush()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
