"""The layouts that were chosen by measurement, in a small JSON file beside the saved runs.

Another number of processes or threads sums in another order, so that the last bits of a run differ.
What was once chosen for a network on a machine is therefore chosen again, and a seed gives the same
bits there. Only a choice that leaves cores unused is first confirmed by the next two runs.
`mnist-tui bench --cores` measures anew.

    {"schema": 1, "choices": [{"config": {...}, "pixels": 784, "classes": 10, "machine": "...",
                               "processes": 2, "threads": 1, "timings": [...],
                               "seconds": 0.2}, ...]}

`config` has the fields that decide on the time of a step, and `machine` everything else that does.
A file that cannot be read, or an entry that makes no sense, counts as nothing remembered; a file
that cannot be written is no error.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nn.config import AUGMENTING_FIELDS, TrainConfig
from nn.errors import StorageError
from nn.parallel.timing import TIMING_SECONDS
from nn.reading import read_as
from nn.spec import DataSpec
from nn.storage.files import open_regular, write_atomically
from nn.storage.records import LayoutTiming, without_infinities
from tui.system.cores import blas
from tui.system.data_folder import default_runs_folder
from tui.system.layouts import Layout
from tui.system.quota import available_cores

NAME = "cores.json"
_SCHEMA = 1
_MOST_BYTES = 2**20
_MOST_CHOICES = 300  # of which the oldest are forgotten

# Several cores are at most this much faster than their number, as their caches hold more.
_MOST_SPEEDUP = 1.5
# Timing of so many seconds, three times the usual, is trusted to have met a quiet moment.
_SETTLING_SECONDS = 3 * TIMING_SECONDS

_DECIDING = (
    *("hidden", "activation", "batch_norm", "batch_size", "dtype", "optimizer"),
    *AUGMENTING_FIELDS,
)


@dataclass(frozen=True, slots=True)
class Case:
    """What a choice holds for; `config` has no other fields than those that decide."""

    config: TrainConfig
    pixels: int
    classes: int
    machine: str

    @classmethod
    def of(cls, config: TrainConfig, spec: DataSpec, threads: int) -> Case:
        """The case of a run that may use so many threads here."""
        deciding = {name: getattr(config, name) for name in _DECIDING}
        return cls(TrainConfig.layered(deciding), spec.pixels, spec.classes, machine(threads))


@dataclass(frozen=True, slots=True)
class Choice:
    """The layout that was chosen in a case, and the times of all that were tried.

    `seconds` is how long they were timed together.
    """

    case: Case
    processes: int
    threads: int
    timings: tuple[LayoutTiming, ...]
    seconds: float = TIMING_SECONDS

    @property
    def layout(self) -> Layout:
        """The layout that was chosen."""
        return Layout(self.processes, self.threads)

    @property
    def step_seconds(self) -> dict[Layout, float]:
        """The time of a step in each layout that was tried."""
        return {Layout(each.processes, each.threads): each.step_seconds for each in self.timings}

    @property
    def is_settled(self) -> bool:
        """Whether runs take it without timing again.

        A program that is busy for those tenths of a second slows down layouts of all cores, never
        those of few, so that a choice of fewer cores than there are is timed several times.
        """
        most = max((layout.total for layout in self.step_seconds), default=1)
        return self.layout.total >= most or self.seconds >= _SETTLING_SECONDS

    @property
    def is_plausible(self) -> bool:
        """Whether the times can be those of the layouts, and not of what else the machine did.

        A program that takes turns with one thread makes it many times slower, and several cores
        seem more times as fast than they are many.
        """
        times = self.step_seconds
        alone = times.get(Layout(1, 1), 0.0)
        return all(alone <= _MOST_SPEEDUP * layout.total * each for layout, each in times.items())


def machine(threads: int) -> str:
    """The processor, the cores and threads to use, and the libraries that compute."""
    processor = platform.processor() or platform.machine()
    with suppress(OSError, StopIteration):
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            named = next(line for line in lines if line.startswith("model name"))
        processor = named.partition(":")[2].strip()
    used = f"cores {available_cores()}, threads {threads}"
    return f"{processor}, {used}, numpy {np.__version__}, {blas()}"


def recall(case: Case) -> Choice | None:
    """What was chosen in this case, or None."""
    return next((choice for choice in remembered() if choice.case == case), None)


def remembered() -> list[Choice]:
    """All that is remembered, the newest last."""
    if (path := _path()) is None:
        return []
    try:
        with open_regular(path) as stream:
            content = json.loads(stream.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return []
    entries = content.get("choices") if isinstance(content, dict) else None
    if not isinstance(entries, list) or content.get("schema") != _SCHEMA:
        return []
    return [choice for entry in entries if (choice := _read(entry)) is not None]


def remember(choice: Choice) -> Choice:
    """Write down a choice, unless one is settled already; returns that which is in force."""
    known = recall(choice.case)
    return known if known and known.is_settled else replace_choices([choice])[0]


def replace_choices(choices: Iterable[Choice]) -> list[Choice]:
    """Write down choices in place of earlier ones of the same cases; returns them."""
    new, path = list(choices), _path()
    cases = {choice.case for choice in new}
    kept = [choice for choice in remembered() if choice.case not in cases]
    entries = [_entry(choice) for choice in [*kept, *new][-_MOST_CHOICES:]]
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    text = f'{{"schema": {_SCHEMA}, "choices": [\n{lines}\n]}}\n'
    if path is not None:
        with suppress(OSError, StorageError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, lambda stream: stream.write(text.encode()))
    return new


def _path() -> Path | None:
    folder = default_runs_folder()
    return None if folder is None else folder.parent / NAME


def _entry(choice: Choice) -> dict[str, object]:
    fields = asdict(choice)
    case = fields.pop("case")
    case["config"] = {name: getattr(choice.case.config, name) for name in _DECIDING}
    entry: dict[str, object] = without_infinities(case | fields)
    return entry


def _read(entry: object) -> Choice | None:
    """The choice of an entry of the file; None for anything that `_entry` did not make."""
    if not isinstance(entry, dict):
        return None
    with suppress(ValueError):
        choice = read_as(Choice, {**entry, "case": entry})
        if choice.processes >= 1 and choice.threads >= 1:
            return choice
    return None
