"""A saved run that goes on is, bit for bit, the run that was never interrupted."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split
from nn.errors import ConfigError, StorageError
from nn.parallel.cores import Cores
from nn.parallel.process_group import make_engine
from nn.storage.checkpoint import Checkpoint
from nn.storage.lock import is_locked
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun
from nn.training.trainer import Trainer
from tests.support.processes import needs_several
from tests.support.recorded import MakeTrainer, go_on, record_run, same, timeless_metrics, weights
from tests.support.training import configurations
from tui.recording.source import RunSource


@given(config=configurations(), data=st.data())
def test_any_run_interrupted_anywhere(
    tiny: Dataset, config: TrainConfig, data: st.DataObject
) -> None:
    """Every optimizer, schedule, sampling and stopping rule, left up to three times at any step."""
    with tempfile.TemporaryDirectory() as name, np.errstate(all="ignore"):
        root = Path(name)
        whole, _ = record_run(Trainer(config, tiny, step_interval=0), root)
        steps = SavedRun.read(whole).record.step
        left = data.draw(st.integers(1, 2 * steps + 2))
        parts, outcome = record_run(Trainer(config, tiny, step_interval=0), root, events=left)
        for _ in range(data.draw(st.integers(0, 2))):
            if outcome.reason == "interrupted":
                left = data.draw(st.integers(1, 2 * steps + 2))
                _, outcome = go_on(parts, tiny, events=left)
        if outcome.reason == "interrupted":
            go_on(parts, tiny)
        assert timeless_metrics(whole) == timeless_metrics(parts)
        ends = [SavedRun.read(path).record for path in (whole, parts)]
        assert len({(r.status, r.reason, r.step, r.total_steps) for r in ends}) == 1
        files = [{k: v for k, v in weights(p).items() if "final" in k} for p in (whole, parts)]
        assert files[0] == files[1]


def test_everything_is_the_same(make_trainer: MakeTrainer, root: Path, tiny: Dataset) -> None:
    """The checkpoint and the best model too, where the run is left in the middle of an epoch."""
    fields = {"dropout": 0.3, "epochs": 4, "hidden": (8, 6)}
    whole, _ = record_run(make_trainer(**fields), root)
    parts, _ = record_run(make_trainer(**fields), root, events=7)
    trainer, outcome = go_on(parts, tiny)
    same(whole, parts)
    assert (outcome.reason, trainer.step) == ("completed", 12)


def test_more_epochs(make_trainer: MakeTrainer, root: Path, tiny: Dataset) -> None:
    """At a constant rate a run with a raised budget is the run that had it from the beginning."""
    whole, _ = record_run(make_trainer(epochs=5, schedule="constant"), root)
    parts, _ = record_run(make_trainer(epochs=2, schedule="constant"), root)
    assert (parts / "final.npz").exists()
    go_on(parts, tiny, changes={"epochs": 5})
    same(whole, parts)
    record = SavedRun.read(parts).record
    assert (record.config.epochs, record.total_steps, record.epoch) == (5, 15, 5.0)


def test_a_schedule_over_a_raised_budget_is_told(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    folder, _ = record_run(make_trainer(epochs=2), root)
    with RunSource.resumed(SavedRun.read(folder), {"epochs": 4}) as source:
        trainer = Trainer(source.experiment.config, tiny)
        source.restore(trainer)
        recorder, warnings = source.recorder(trainer)
        recorder.close()
    (warning,) = warnings
    assert "one-cycle schedule now spans 12 steps" in warning


def test_a_rate_changed_by_hand_stays(make_trainer: MakeTrainer, root: Path, tiny: Dataset) -> None:
    trainer = make_trainer()
    trainer.rate_factor = 0.25
    folder, _ = record_run(trainer, root, events=4)
    resumed, _ = go_on(folder, tiny)
    assert resumed.rate_factor == 0.25


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hidden": (9,)}, "--hidden: a run is resumed as it was configured"),
        ({"learning_rate": 0.5}, "--learning-rate: a run is resumed as it was configured"),
        ({"epochs": 2}, "has a budget of 3 epochs, which can only be raised; 2 epochs is less"),
    ],
)
def test_what_may_not_change(
    make_trainer: MakeTrainer, root: Path, changes: dict[str, object], said: str
) -> None:
    folder, _ = record_run(make_trainer(), root, events=4)
    with pytest.raises(ConfigError, match=said):
        RunSource.resumed(SavedRun.read(folder), changes)
    assert not is_locked(folder)


def test_what_has_ended(make_trainer: MakeTrainer, root: Path) -> None:
    complete, _ = record_run(make_trainer(), root)
    with pytest.raises(ConfigError, match="is complete: 3 epochs; to go on, raise --epochs"):
        RunSource.resumed(SavedRun.read(complete), {})
    stopped, outcome = record_run(
        make_trainer(epochs=40, patience=1, validation=0.2, learning_rate=1.0, schedule="constant"),
        root,
    )
    assert outcome.reason == "early-stopped"
    with pytest.raises(ConfigError, match="has ended, early-stopped"):
        RunSource.resumed(SavedRun.read(stopped), {"epochs": 50})


def test_more_budget_for_a_run_whose_patience_and_budget_ended_together(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    flags = {"patience": 1, "validation": 0.2, "learning_rate": 1.0, "schedule": "constant"}
    _, stopped = record_run(make_trainer(epochs=40, **flags), root)
    folder, outcome = record_run(make_trainer(epochs=round(stopped.epoch), **flags), root)
    assert (outcome.reason, outcome.step) == ("completed", stopped.step)
    _, resumed = go_on(folder, tiny, changes={"epochs": 40})
    assert (resumed.reason, resumed.kept_step) == ("early-stopped", stopped.kept_step)
    with pytest.raises(ConfigError, match="has ended, early-stopped"):
        RunSource.resumed(SavedRun.read(folder), {"epochs": 50})


def test_other_data_are_refused_and_the_run_is_as_it_was(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    folder, _ = record_run(make_trainer(), root, events=8)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
    other = Dataset(tiny.train, Split(tiny.test.images, tiny.test.labels), "other", "f" * 64)
    with RunSource.resumed(SavedRun.read(folder), {}) as source:
        trainer = Trainer(source.experiment.config, other)
        with pytest.raises(StorageError, match="was trained on other data than other"):
            source.restore(trainer)
    assert not is_locked(folder)
    after = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}
    assert after == before


def test_another_machine_is_told(make_trainer: MakeTrainer, root: Path, tiny: Dataset) -> None:
    folder, _ = record_run(make_trainer(), root, events=4)
    record = SavedRun.read(folder).record
    versions = {**record.versions, "numpy": "1.0", "blas": "mkl 2020"}
    writer = RunWriter.reopen(folder)
    writer.save_record(dataclasses.replace(record, versions=versions, threads=64, processes=4))
    writer.close()
    with RunSource.resumed(SavedRun.read(folder), {}) as source:
        trainer = Trainer(source.experiment.config, tiny, engine=make_engine(Cores(threads=1)))
        source.restore(trainer)
        recorder, (warning,) = source.recorder(trainer)
        recorder.close()
    assert warning.startswith("the last bits of the numbers may differ from here on: ")
    assert f"numpy {np.__version__} (was 1.0)" in warning
    assert "(was mkl 2020)" in warning
    assert re.search(r"\d threads \(was 64\), 1 processes \(was 4\)", warning)


@needs_several
def test_that_other_units_are_dropped_is_told(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    folder, _ = record_run(make_trainer(dropout=0.5), root, events=4)
    with (
        RunSource.resumed(SavedRun.read(folder), {}) as source,
        closing(
            Trainer(source.experiment.config, tiny, engine=make_engine(Cores(2, threads=1)))
        ) as trainer,
    ):
        source.restore(trainer)
        recorder, (warning, _) = source.recorder(trainer)
        recorder.close()
    assert warning == "other units are dropped from here on: 2 processes draw which (was 1)"


def test_that_masks_are_drawn_anew_since_version_0_1_0_is_told(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    folder, _ = record_run(make_trainer(dropout=0.5), root, events=4)
    checkpoint = Checkpoint.load(folder / "last.npz")
    checkpoint.state.values["dropout_rng"] = {"bit_generator": "PCG64"}
    checkpoint.save(folder / "last.npz", metrics_bytes=checkpoint.metrics_bytes)
    with RunSource.resumed(SavedRun.read(folder), {}) as source:
        trainer = Trainer(source.experiment.config, tiny)
        source.restore(trainer)
        recorder, warnings = source.recorder(trainer)
        recorder.close()
    (warning,) = warnings
    assert warning.startswith("other units are dropped from here on: versions after 0.1.0 draw")


def test_a_run_left_before_its_first_checkpoint_starts_anew(
    make_trainer: MakeTrainer, root: Path, tiny: Dataset
) -> None:
    whole, _ = record_run(make_trainer(), root)
    folder, _ = record_run(make_trainer(), root, events=1)
    (folder / "last.npz").unlink()
    lines = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text(lines[0] + '{"event": "epo')
    go_on(folder, tiny)
    same(whole, folder)
