"""The record of a run, run.json: what the run is, and how far it came when it was last saved."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from nn.config import TrainConfig
from nn.errors import StorageError
from nn.events import Evaluation, Score
from nn.reading import read_as
from nn.spec import MNIST, DataSpec
from nn.storage.files import cannot_read, open_regular, write_atomically
from nn.storage.records import without_infinities

SCHEMA = 1
RUN_FILE = "run.json"
MAX_RUN_BYTES = 2**20

Status = Literal["running", "finished", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Member:
    """A network of a committee: the run that it is of, and how it scored alone on test images."""

    name: str
    test: Score


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The content of run.json.

    `reason` is why the run ended: that of `RunFinished`, "interrupted", or an error; None while
    the run goes on. `threads`, `processes` and `versions` are those of the process that wrote the
    record last. `created` and `updated` are UTC in ISO 8601. `best` is the evaluation of the best
    weights, those in best.npz (`nn.training.best_weights`). `samples_per_second` is the mean of
    the whole run. `save_error` is why the folder does not hold the whole run, or None. `kept_step`
    is the step of the weights that the run ended with, None before it ended. `init_from` is the
    file or the run whose weights training started from, None where they were drawn at random.
    `imported_from` is the file of another program that the weights were read from, or the members
    of a committee, None of a run that was trained. `members` are those of a committee, whose
    `config` is that of the first; other runs have none. `spec` has the size of the images and the
    names of the classes.

    Fields with a default were added after the first release, which ignores them.
    """

    schema: int
    id: str
    status: Status
    reason: str | None
    recipe: str | None
    command: str
    config: TrainConfig
    data_name: str
    data_sha256: str
    threads: int | None
    versions: dict[str, str]
    created: str
    updated: str
    parameters: int
    steps_per_epoch: int
    total_steps: int
    step: int
    epoch: float
    seconds: float
    samples_per_second: float
    latest: Evaluation | None
    best: Evaluation | None
    save_error: str | None
    processes: int = 1
    kept_step: int | None = None
    init_from: str | None = None
    imported_from: str | None = None
    spec: DataSpec = MNIST
    members: tuple[Member, ...] = ()


def read_record(folder: Path) -> RunRecord:
    """The record of a run's folder; raises `StorageError`."""
    path = folder / RUN_FILE
    try:
        with open_regular(path) as stream:
            content = stream.read(MAX_RUN_BYTES + 1)
    except OSError as error:
        raise cannot_read(path, error) from error
    if len(content) > MAX_RUN_BYTES:
        raise StorageError(f"{path}: more than {MAX_RUN_BYTES:,} bytes")
    try:
        values = parse_json(content)
        if not isinstance(values, dict):
            raise StorageError("not a JSON object")
        if values.get("schema") != SCHEMA:
            raise StorageError(f"written with schema {values.get('schema')!r}, not {SCHEMA}")
        record = read_as(RunRecord, values)
        if record.steps_per_epoch < 1 or record.total_steps < 1:
            raise StorageError("a run has at least one step")
        return record
    except (StorageError, ValueError) as error:
        raise StorageError(f"{path}: not the record of a run: {error}") from error


def write_record(folder: Path, record: RunRecord) -> None:
    """Replace the record of a run's folder, atomically; raises `StorageError`."""
    fields = without_infinities(asdict(record))
    # One line a field: to indent the values within would take longer.
    lines = (f' "{name}": {json.dumps(fields[name], allow_nan=False)}' for name in fields)
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    write_atomically(folder / RUN_FILE, lambda stream: stream.write(text.encode()))


def parse_json(content: bytes) -> Any:
    """A JSON value; raises `StorageError`, also for bad UTF-8 and for numbers of 5,000 digits."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StorageError(f"not JSON: {error}") from error


def utc_now() -> str:
    """The present moment, in the form of `RunRecord.created`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
