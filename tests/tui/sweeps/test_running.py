"""What goes wrong while a sweep runs: lost workers, full disks, other processes, odd settings."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import tui.sweeps
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import StorageError
from nn.events import EpochCompleted
from nn.storage.lock import FolderLock
from nn.storage.metrics import METRICS_FILE
from nn.storage.run_writer import delete_run
from nn.storage.runs import SavedRun
from tui.formatting import percent
from tui.sweeps.folder import JOURNAL_FILE, SPEC_FILE
from tui.sweeps.packing import pack, unpack
from tui.sweeps.report import table, winner
from tui.sweeps.running import ATTEMPTS, PlaceLostError, Progress, SweepRunner
from tui.sweeps.schedule import Result, Task
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.sweeps.worker import Delivery, Order, find_run_of, train

RATES = Space((parse_dimension("lr=0.01..0.1:log"),))
TINY = {"hidden": (4,), "limit": 200, "epochs": 3}

Work = Callable[[Order], Delivery]


class Here:
    """A place that calls at once, in this process, what stands in for training; may be lost."""

    shared_disk, lost, sweep, workers = True, False, "", 2

    def __init__(self, work: Work) -> None:
        self.work, self.stops = work, 0

    def submit(self, orders: Sequence[Order]) -> list[Future[Delivery]]:
        return [self._done(order) for order in orders]

    def _done(self, order: Order) -> Future[Delivery]:
        future: Future[Delivery] = Future()
        try:
            future.set_result(self.work(order))
        except Exception as error:
            future.set_exception(error)
        return future

    def stop(self) -> None:
        self.stops += 1

    def close(self, *, wait: bool) -> None:
        pass


def good(order: Order) -> Delivery:
    """A run that is never trained, whose accuracy is its trial's number."""
    task = order.task
    return Delivery(Result(task, f"run-{order.label}", task.epochs, 1.0, 0.5, task.trial / 100))


def run(root: Path, spec: SweepSpec, work: Work, progress: Progress | None = None) -> Study:
    study = Study.create(root / "sweeps", spec, "s")
    try:
        SweepRunner(study, root / "runs", Here(work), progress).run()
    finally:
        study.close()
    return study


def errors(study: Study) -> dict[int, str]:
    return {
        trial.number: result.error
        for trial in study.trials
        for result in trial.results.values()
        if result.error
    }


def test_a_worker_that_is_lost_once_loses_nothing(tmp_path: Path) -> None:
    lost: list[Task] = []

    def work(order: Order) -> Delivery:
        if order.task.trial == 1 and order.task not in lost:
            lost.append(order.task)
            raise BrokenExecutor("killed")
        return good(order)

    warnings: list[str] = []
    study = run(tmp_path, SweepSpec(RATES, trials=4), work, Progress(on_warning=warnings.append))
    assert study.schedule.done
    assert errors(study) == {}
    assert "its worker was lost (killed); it is tried again" in warnings[0]


def test_a_trial_whose_worker_is_always_lost_fails_alone(tmp_path: Path) -> None:
    calls = 0

    def work(order: Order) -> Delivery:
        nonlocal calls
        if order.task.trial == 1:
            calls += 1
            raise BrokenExecutor
        return good(order)

    study = run(tmp_path, SweepSpec(RATES, trials=4), work)
    assert calls == ATTEMPTS
    assert errors(study) == {1: "its worker was lost 3 times: BrokenExecutor"}
    assert study.trials[1].state(1) == "failed"


def test_a_full_disk_ends_the_sweep_and_fails_no_trial(tmp_path: Path) -> None:
    def work(order: Order) -> Delivery:
        if order.task.trial == 2:
            raise StorageError("last.npz: No space left on device")
        return good(order)

    with pytest.raises(StorageError, match="No space left"):
        run(tmp_path, SweepSpec(RATES, trials=4), work)
    study = Study.join(tmp_path / "sweeps" / "s")
    assert study.schedule.finished == 2
    assert errors(study) == {}
    SweepRunner(study, tmp_path / "runs", Here(good)).run()
    study.close()
    assert study.schedule.done
    assert errors(study) == {}


def test_settings_that_contradict_fail_by_themselves(tmp_path: Path) -> None:
    space = Space(
        (
            parse_dimension("loss=cross-entropy,squared-error-normalized"),
            parse_dimension("output_activation=identity,sigmoid"),
        )
    )
    spec = SweepSpec(space, sampler="grid", fields=TINY)
    study = run(tmp_path, spec, good)
    assert study.schedule.done
    assert errors(study)
    assert all("output" in reason for reason in errors(study).values())
    shown = table(study)
    assert "diverged" not in shown
    for number, reason in errors(study).items():
        assert f"trial {number} failed: {reason}\n" in shown
    assert study.schedule.best() is not None


def test_where_the_cluster_is_lost_tasks_are_given_back(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "sweeps", SweepSpec(RATES, trials=4), "s")
    place = Here(good)

    def work(order: Order) -> Delivery:
        if order.task.trial == 1:
            place.lost = True
            raise OSError("connection closed")
        return good(order)

    place.work = work
    with pytest.raises(PlaceLostError):
        SweepRunner(study, tmp_path / "runs", place).run()
    study.close()
    again = Study.read(study.path)
    assert again.schedule.finished == 1
    assert not again.claims
    assert errors(again) == {}


def test_a_cluster_that_is_lost_before_it_takes_a_task_has_the_task_given_back(
    tmp_path: Path,
) -> None:
    study = Study.create(tmp_path / "sweeps", SweepSpec(RATES, trials=4), "s")
    place = Here(good)

    def submit(orders: Sequence[Order]) -> list[Future[Delivery]]:
        place.lost = True
        raise RuntimeError("the client is closed")

    with patch.object(place, "submit", submit), pytest.raises(PlaceLostError):
        SweepRunner(study, tmp_path / "runs", place).run()
    study.close()
    again = Study.read(study.path)
    assert (again.schedule.finished, len(again.trials)) == (0, 2)
    assert not again.claims


def test_one_process_that_stops_does_not_stop_another(tmp_path: Path) -> None:
    first = Study.create(tmp_path / "sweeps", SweepSpec(RATES, trials=4), "s")
    second = Study.join(first.path)
    assert first.owner.stop_file != second.owner.stop_file
    task = first.next()
    assert task is not None
    SweepRunner(second, tmp_path / "runs", Here(good), Progress(stopped=lambda: True)).run()
    assert not second.owner.stop_file.exists()
    assert second.next() != task
    first.close()
    second.close()


def test_claims_of_a_process_that_has_gone_are_void(tmp_path: Path) -> None:
    first = Study.create(tmp_path / "sweeps", SweepSpec(RATES, trials=1), "s")
    task = first.next()
    second = Study.join(first.path)
    assert second.next() is None
    first.close()
    second.owner._looked = 0.0
    assert second.next() == task
    assert task is not None
    assert second.may_have_begun(task)
    second.close()


# -- real runs -------------------------------------------------------------------------------


def order_of(spec: SweepSpec, root: Path, task: Task, **changes: Any) -> Order:
    config = spec.config_of({"learning_rate": 0.05}, task.seed)
    values = {"recipe": None, "runs_dir": str(root)} | changes
    return Order(task, "s-t0000-s0", config.to_dict(), **values)


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


# -- the folder of a sweep -------------------------------------------------------------------


def test_trials_of_another_space_are_refused(tmp_path: Path) -> None:
    study = run(tmp_path, SweepSpec(RATES, trials=2), good)
    file = study.path / SPEC_FILE
    file.write_text(file.read_text().replace("0.01..0.1", "0.2..0.5"))
    with pytest.raises(StorageError, match=r"trial 0 is of another space than sweep\.toml"):
        Study.join(study.path)


def test_an_unreadable_journal_is_named(tmp_path: Path) -> None:
    study = run(tmp_path, SweepSpec(RATES, trials=2), good)
    journal = study.path / JOURNAL_FILE
    journal.unlink()
    journal.mkdir()
    with pytest.raises(StorageError, match=JOURNAL_FILE):
        Study.read(study.path)


@pytest.mark.parametrize("damage", ["[1]", "null", '{"kind": "trial"}', "{}", '{"kind": "x"}'])
def test_damage_of_a_journal_is_one_error(damage: str, tmp_path: Path) -> None:
    study = run(tmp_path, SweepSpec(RATES, trials=2), good)
    journal = study.path / JOURNAL_FILE
    journal.write_text(f"{damage}\n{journal.read_text()}")
    with pytest.raises(StorageError, match="damaged, entry 1"):
        Study.read(study.path)


def test_a_sweep_is_not_left_half_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot save the sweep"):
        Study.create(tmp_path / "file", SweepSpec(RATES), "s")
    with pytest.raises(StorageError, match="cannot save the sweep"):
        Study.create(tmp_path / "sweeps", SweepSpec(RATES), "n" * 300)
    with (
        patch.object(FolderLock, "acquire", side_effect=StorageError("No space left on device")),
        pytest.raises(StorageError, match="No space left"),
    ):
        Study.create(tmp_path / "sweeps", SweepSpec(RATES), "s")
    assert list((tmp_path / "sweeps").iterdir()) == []


def test_two_sweeps_that_begin_in_one_second_have_two_names(tmp_path: Path) -> None:
    studies = [Study.create(tmp_path, SweepSpec(RATES)) for _ in range(3)]
    for study in studies:
        study.close()
    assert len({study.path for study in studies}) == 3


def test_the_journal_has_one_write_for_many_tasks(tmp_path: Path) -> None:
    study = Study.create(tmp_path, SweepSpec(RATES, trials=9), "s")
    tasks = study.exchange(wanted=9)
    assert len(tasks) == 9
    reports = [good(Order(task, "x", {}, None, None)).result for task in tasks]
    assert study.exchange([each for each in reports if each], wanted=9) != []
    kinds = [
        json.loads(line)["kind"] for line in (study.path / JOURNAL_FILE).read_text().splitlines()
    ]
    assert kinds.count("result") == 9
    study.close()


def test_a_sweep_that_was_left_has_no_test_accuracy_and_nothing_that_runs(tmp_path: Path) -> None:
    spec = SweepSpec(RATES, fields=TINY, trials=4)
    runs, left = tmp_path / "runs", Study.create(tmp_path / "sweeps", spec, "s")
    for task in left.exchange(wanted=3):
        result = train(order_of(spec, runs, task)).result
        assert result is not None
        left.report(result)
    assert left.states() == ["waiting"] * 3
    left.exchange(wanted=1)
    assert left.states() == ["waiting"] * 3 + ["running"]
    assert "test accuracy is printed at the end of the sweep" in winner(left, runs)
    left.close()
    left = Study.read(left.path)
    assert left.states() == ["waiting"] * 4
    assert "running" not in table(left)
    timed = Study.create(tmp_path / "sweeps", replace(spec, minutes=1.0), "t")
    timed.exchange(wanted=1)
    timed.exchange(results=list(left.trials[0].results.values()))
    assert "no choice was made by it" in winner(timed, runs)
    timed.close()
