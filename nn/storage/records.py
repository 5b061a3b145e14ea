"""A run as JSON: one strict object an event, in --json, in metrics.jsonl and in exports.

Every object has `event`; consumers should ignore names they do not know. Losses are means over
images, accuracies fractions from 0 to 1, times seconds since the start. A number that is not finite
is null; `run_finished` then has the reason "diverged". Otherwise null means "not measured" or
"none".

`run_started` comes first. In `metrics.jsonl` it comes again wherever the run was resumed, with
`start_step` above 0:
    schema              1; grows when a name below changes its meaning or goes away
    recipe              name of the recipe the configuration started from, or null
    command             the command line that repeats the run
    threads             that compute, or null where that of the BLAS library is unknown
    processes           that share each batch, and the threads
    cores               how the two were chosen: {by, timings}. `by` is "rule" (for short runs and
                        one core), "given" (by flags), "saved" (of the run that goes on), "measured"
                        or "remembered"; timings are [{processes, threads, step_seconds}, ...] with
                        the threads of each process
    versions            {"mnist-tui", "python", "numpy", "blas", "platform"}
    run                 the folder the run is saved in, or null
    config              every field of the configuration, by name
    layers              [{name, output_shape, parameters}, ...], input side first
    parameters          number of parameters
    train_images, validation_images, test_images
    steps_per_epoch, total_steps, start_step
    data_name, data_sha256
    spec                {rows, columns, names}: size of the images and names of the classes; only
                        where they are not MNIST's

`step`, at a limited rate (--step-interval); in `metrics.jsonl` only those with an evaluation:
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

`cores_reduced`, where the steps of an epoch came to take many times the shortest one, so that the
run goes on in one process of one thread:
    step, slowdown      the mean step of the epoch in units of the shortest

`run_finished`, last unless the process is killed or its output closed:
    reason              "completed", "early-stopped", "diverged", or "interrupted" (by a user)
    step, epoch         where it ended; epoch is a fraction inside an epoch
    kept_step           the step whose weights the model holds
    evaluation          of those weights, or null
    best                the evaluation of the best weights: of the highest validation accuracy;
                        without validation images the last one, or of the lowest test loss where
                        early stopping judges by that; or null
    samples_per_second, seconds
    saved               the model file written by --save, or null
    run                 the folder the run is saved in, or null
    warping             share of the training time that was spent on warping images, or null
    save_error          why that folder does not hold the whole run, or null

An evaluation is
    {step, epoch, train, validation, test, improved, seconds, raw}
where train, validation, test and raw are {loss, accuracy}, all but test or null. With
average_decay they are of the moving average of the weights, and raw is of the weights themselves,
over the validation images, or over the test images where there are none.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from nn.errors import StorageError
from nn.events import (
    CoresReduced,
    EpochCompleted,
    Evaluation,
    RateChanged,
    Reason,
    RunStarted,
    StepCompleted,
)
from nn.reading import read_as
from nn.spec import MNIST

SCHEMA = 1


ChosenBy = Literal["rule", "given", "saved", "measured", "remembered"]
"""How a run came to its processes and threads.

By the rule for short runs and for machines of one core; given by the user; those of the saved run
that goes on; measured before the first step; or remembered from an earlier measurement.
"""


@dataclass(frozen=True, slots=True)
class LayoutTiming:
    """Seconds of a training step in so many processes of so many threads each."""

    processes: int
    threads: int
    step_seconds: float


@dataclass(frozen=True, slots=True)
class CoresChoice:
    """How processes and threads were chosen, and what was measured, in the order of the table."""

    by: ChosenBy = "rule"
    timings: tuple[LayoutTiming, ...] = ()


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a run was started, which its events do not contain.

    `command` is a command line that repeats it; `threads` is None where the BLAS library does not
    report them; `run` is the folder that it is saved in; `cores` is how the two were chosen.
    """

    recipe: str | None
    command: str
    threads: int | None
    processes: int = 1
    versions: dict[str, str] = field(default_factory=dict)
    run: str | None = None
    cores: CoresChoice = CoresChoice()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: the fields of `RunFinished`, and what the front end adds to them.

    `best` is the evaluation of the best weights, `saved` the file of the model, `run`
    the folder of the run, `save_error` why the folder does not hold all of the run, and `warping`
    the share of the training time that was spent on warps. Each is None where there is none.
    """

    reason: Reason | Literal["interrupted"]
    step: int
    epoch: float
    kept_step: int
    evaluation: Evaluation | None
    best: Evaluation | None
    samples_per_second: float
    seconds: float
    saved: str | None
    run: str | None = None
    save_error: str | None = None
    warping: float | None = None


Recorded = RunStarted | StepCompleted | EpochCompleted | RateChanged | CoresReduced | Outcome

_KINDS: dict[str, type[Any]] = {
    "run_started": RunStarted,
    "step": StepCompleted,
    "epoch": EpochCompleted,
    "rate_changed": RateChanged,
    "cores_reduced": CoresReduced,
    "run_finished": Outcome,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def record_of(event: Recorded, invocation: Invocation) -> dict[str, Any]:
    """The object of one event, as the schema above has it."""
    record: dict[str, Any] = {"event": _NAMES[type(event)]}
    if isinstance(event, RunStarted):
        record |= {"schema": SCHEMA, **asdict(invocation)}
    finite: dict[str, Any] = without_infinities(record | asdict(event))
    if finite.get("spec") == without_infinities(asdict(MNIST)):
        del finite["spec"]
    return finite


def event_from_record(record: object) -> Recorded:
    """The inverse of `record_of`, null being NaN where a number is due.

    Raises `StorageError` for what is none of these objects.
    """
    fields = record if isinstance(record, dict) else {}
    kind = fields.get("event")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise StorageError("not the record of an event")
    if kind == "run_started" and fields.get("schema") != SCHEMA:
        raise StorageError(f"records of schema {fields.get('schema')!r}, this reads {SCHEMA}")
    try:
        event: Recorded = read_as(_KINDS[kind], fields)
    except ValueError as error:
        raise StorageError(str(error)) from error
    return event


def json_line(value: object) -> str:
    """One strict JSON value on one line; numbers that are not finite are null."""
    return json.dumps(without_infinities(value), allow_nan=False) + "\n"


def without_infinities(value: Any) -> Any:
    """The value with None for every number that JSON cannot express."""
    if isinstance(value, dict):
        return {key: without_infinities(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_infinities(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
