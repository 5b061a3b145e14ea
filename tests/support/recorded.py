"""Runs recorded in this process, and what is the same in any two of them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nn.data.dataset import Dataset
from nn.storage.records import Outcome
from nn.storage.runs import SavedRun
from nn.training.trainer import Trainer
from tests.support.npz import read_npz
from tui.recording.experiment import Experiment
from tui.recording.recorder import Recorder
from tui.recording.source import RunSource

# The runs of the fixture `saved` of `tests/tui/recording`.
NAMES = ("20261121-100000-first", "20261121-110000-second", "20261121-120000-third")


class MakeTrainer(Protocol):
    def __call__(self, **fields: Any) -> Trainer: ...


def unsaved(trainer: Trainer) -> Recorder:
    """The recorder of a run that leaves no trace."""
    return Recorder.unsaved(trainer, Experiment(trainer.config))


def record_run(
    trainer: Trainer, root: Path, *, events: int | None = None, recorder: Recorder | None = None
) -> tuple[Path, Outcome]:
    """Train and save a whole run, or leave it after so many events."""
    recorder = recorder or Recorder.start(trainer, root, Experiment(trainer.config))
    folder = recorder.folder
    assert folder is not None
    for number, event in enumerate(trainer.events(), 1):
        recorder.follow(trainer, event)
        if number == events:
            break
    return folder, recorder.finish(trainer)


def go_on(
    folder: Path,
    dataset: Dataset,
    *,
    events: int | None = None,
    changes: Mapping[str, object] | None = None,
) -> tuple[Trainer, Outcome]:
    """Resume a run in this process, to its end or until so many events."""
    with RunSource.resumed(SavedRun.read(folder), changes or {}) as source:
        trainer = Trainer(source.experiment.config, dataset, step_interval=0)
        source.restore(trainer)
        recorder, _ = source.recorder(trainer)
    return trainer, record_run(trainer, folder.parent, events=events, recorder=recorder)[1]


_CLOCKS = re.compile(r'"(seconds|samples_per_second|warping)": [^,}]+')


def timeless_metrics(folder: Path) -> list[str]:
    """The lines of metrics.jsonl without times and without starts: a resumed run has more."""
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    kept = [line for line in lines if json.loads(line)["event"] != "run_started"]
    return [_CLOCKS.sub("", line) for line in kept]


def weights(folder: Path) -> dict[str, bytes]:
    """The bytes of every array in the files of weights that there are, without clocks."""
    found = {}
    for name in sorted({"last.npz", "best.npz", "final.npz"} & set(os.listdir(folder))):
        for key, array in read_npz(folder / name).items():
            if key not in ("values", "metrics_bytes", "config"):
                found[f"{name}: {key}"] = array.tobytes()
    return found


def same(first: Path, second: Path) -> None:
    """Two finished runs have the same metrics and weights, bit for bit."""
    assert timeless_metrics(first) == timeless_metrics(second)
    assert weights(first) == weights(second)


def state_values(folder: Path) -> dict[str, Any]:
    """The values of the checkpoint."""
    with np.load(folder / "last.npz") as arrays:  # pickle is off, as it is by default
        values: dict[str, Any] = json.loads(str(arrays["values"]))
    return values


def vanish(folder: Path) -> None:
    """Delete a folder at once, though it may be written into just now."""
    gone = folder.with_name("gone")
    folder.rename(gone)
    shutil.rmtree(gone)
