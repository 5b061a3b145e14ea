"""The runs of a sweep as a worker trains, continues, finds again and packs them."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tui.sweeps
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted
from nn.storage.metrics import METRICS_FILE
from nn.storage.run_writer import delete_run
from nn.storage.runs import SavedRun
from tests.support.sweep_runner import RATES, TINY, Here, order_of, run
from tui.formatting import percent
from tui.sweeps.packing import pack, unpack
from tui.sweeps.report import winner
from tui.sweeps.running import SweepRunner
from tui.sweeps.schedule import Task
from tui.sweeps.space import Space
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.sweeps.worker import find_run_of, train


def test_a_run_that_was_trained_before_it_could_be_reported_is_not_trained_again(
    tmp_path: Path,
) -> None:
    spec = SweepSpec(RATES, fields=TINY)
    for task in (Task(0, 0, 0, 1), Task(0, 0, 1, 3)):
        order = order_of(spec, tmp_path, task)
        first = train(order).result
        found = find_run_of(tmp_path, order.label, TrainConfig(**order.fields))
        assert found is not None
        before = (found / METRICS_FILE).read_bytes()
        assert train(order).result == first
        assert first is not None
        assert first.error is None
        assert (found / METRICS_FILE).read_bytes() == before


def test_a_trial_that_stopped_early_goes_through_later_rungs(tmp_path: Path) -> None:
    """Its loss rises at once, as the rate is far too high; what it came to counts from there on."""
    spec = SweepSpec(RATES, fields={**TINY, "epochs": 9, "patience": 1, "optimizer": "sgd"})
    order = order_of(spec, tmp_path, Task(0, 0, 0, 9))
    order.fields["learning_rate"] = 20.0
    first = train(order).result
    assert first is not None
    (path,) = tmp_path.iterdir()
    assert SavedRun.read(path).record.reason == "early-stopped"
    later = order_of(spec, tmp_path, Task(0, 0, 1, 9))
    later.fields["learning_rate"] = 20.0
    result = train(later).result
    assert result is not None
    assert (result.loss, result.error) == (first.loss, None)


def test_a_trial_with_patience_has_the_scores_of_the_weights_that_it_kept(
    tmp_path: Path,
) -> None:
    fields = {"hidden": (32,), "limit": 400, "epochs": 25, "patience": 2}
    spec = SweepSpec(RATES, fields=fields, sampler="grid", grid_points=2, halving=False)
    study = run(tmp_path, spec, train)
    best = study.schedule.best()
    assert best is not None
    result = best.results[0, 0]
    saved = SavedRun.read(tmp_path / "runs" / result.run)
    assert saved.record.kept_step is not None
    epochs = [event for event in saved.events() if isinstance(event, EpochCompleted)]
    (kept,) = [event for event in epochs if event.step == saved.record.kept_step]
    assert kept is not epochs[-1], "the run kept its last weights, which proves nothing"
    assert kept.evaluation is not None
    assert kept.evaluation.validation is not None
    assert result.accuracy == kept.evaluation.validation.accuracy
    text = winner(study, tmp_path / "runs")
    assert f"test accuracy {percent(kept.evaluation.test.accuracy)};" in text
    assert f"after {len(epochs)} epochs\n" in text


def test_the_runs_of_other_sweeps_are_not_taken_for_those_of_this_one(tmp_path: Path) -> None:
    """The name of one sweep may end as that of another, or be that of one that was deleted."""
    spec = SweepSpec(RATES, fields=TINY)
    longer = replace(order_of(spec, tmp_path, Task(0, 0, 0, 3)), label="other-s-t0000-s0")
    train(longer)
    earlier = order_of(spec, tmp_path, Task(0, 0, 0, 3))
    earlier.fields["learning_rate"] = 0.02
    train(earlier)
    theirs = set(tmp_path.iterdir())
    result = train(order_of(spec, tmp_path, Task(0, 0, 0, 3))).result
    assert result is not None
    (ours,) = set(tmp_path.iterdir()) - theirs
    assert result.run == ours.name
    assert SavedRun.read(ours).record.config.learning_rate == 0.05


def test_a_run_that_was_deleted_between_two_rungs_is_trained_anew(tmp_path: Path) -> None:
    spec = SweepSpec(RATES, fields=TINY)
    first = train(order_of(spec, tmp_path, Task(0, 0, 0, 1))).result
    assert first is not None
    delete_run(tmp_path / first.run)
    again = train(order_of(spec, tmp_path, Task(0, 0, 1, 3), run=first.run)).result
    assert again is not None
    assert again.error is None
    assert SavedRun.read(tmp_path / again.run).status == "finished"


def test_a_run_without_a_checkpoint_is_begun_anew(tmp_path: Path) -> None:
    """A full disk may leave a folder with a record and no weights to go on from."""
    spec = SweepSpec(RATES, fields=TINY)
    order = order_of(spec, tmp_path, Task(0, 0, 0, 1))
    first = train(order).result
    (folder,) = tmp_path.iterdir()
    (folder / "last.npz").unlink()
    (folder / "best.npz").unlink()
    again = train(order_of(spec, tmp_path, Task(0, 0, 1, 3))).result
    assert first is not None
    assert again is not None
    assert again.error is None
    (folder,) = tmp_path.iterdir()
    assert SavedRun.read(folder).status == "finished"


def test_a_packed_run_is_unpacked_whole_and_nowhere_else(tmp_path: Path) -> None:
    spec = SweepSpec(RATES, fields=TINY)
    train(order_of(spec, tmp_path / "a", Task(0, 0, 0, 1)))
    (folder,) = (tmp_path / "a").iterdir()
    copy = unpack(pack(folder), tmp_path / "b")
    assert {path.name for path in copy.iterdir()} == {
        path.name for path in folder.iterdir() if path.name != "lock"
    }
    with pytest.raises(StorageError):
        unpack(b"no archive", tmp_path / "b")
    shutil.move(folder, tmp_path / "..evil")
    (tmp_path / "..evil").rename(tmp_path / "x")
    state = pack(tmp_path / "x").replace(b"x/run.json", b"../n.jsons")
    with pytest.raises(StorageError):
        unpack(state, tmp_path / "b")


def test_a_sweep_over_seeds_trains_the_members_of_a_committee(
    tmp_path: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lines of the README average the probabilities of its runs."""
    spec = SweepSpec(Space(()), seeds=2, fields=TINY)
    assert (spec.size, spec.results_at_most) == (1, 2)
    study = Study.create(tmp_path / "sweeps", spec, "committee")
    SweepRunner(study, tmp_path / "runs", Here(train)).run()
    study.close()
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setattr("nn.data.dataset.load_dataset", lambda: small)
    text = (Path(tui.sweeps.__file__).parent / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    assert len(set(names["alone"])) == 2
    assert 0.1 < names["together"] < 1
