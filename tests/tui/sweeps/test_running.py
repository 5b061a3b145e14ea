"""What goes wrong while a sweep runs: lost workers, full disks, other processes, odd settings."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path
from unittest.mock import patch

import pytest

from nn.errors import StorageError
from tests.support.sweep_runner import RATES, TINY, Here, good, run
from tui.sweeps.report import table
from tui.sweeps.running import ATTEMPTS, PlaceLostError, Progress, SweepRunner
from tui.sweeps.schedule import Task
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.sweeps.study import Study
from tui.sweeps.worker import Delivery, Order


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
    (task,) = first.exchange(wanted=1)
    SweepRunner(second, tmp_path / "runs", Here(good), Progress(stopped=lambda: True)).run()
    assert not second.owner.stop_file.exists()
    assert second.exchange(wanted=1) != [task]
    first.close()
    second.close()


def test_claims_of_a_process_that_has_gone_are_void(tmp_path: Path) -> None:
    first = Study.create(tmp_path / "sweeps", SweepSpec(RATES, trials=1), "s")
    (task,) = first.exchange(wanted=1)
    second = Study.join(first.path)
    assert second.exchange(wanted=1) == []
    first.close()
    second.owner._looked = 0.0
    assert second.exchange(wanted=1) == [task]
    assert second.may_have_begun(task)
    second.close()
