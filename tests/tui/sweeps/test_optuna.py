"""Optuna's sampler learns from each trial once, and its storages get every trial once."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.commands import run_command
from tui.__main__ import main
from tui.sweeps.optuna_trials import OptunaMirror, open_storage
from tui.sweeps.samplers import make_sampler
from tui.sweeps.schedule import Result, Schedule, Task
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec
from tui.system.exits import CommandError, ExitCode

pytestmark = pytest.mark.skipif(
    find_spec("optuna") is None, reason="the extra sweep is not installed"
)

SPACE = Space((parse_dimension("lr=0.001..0.1:log"), parse_dimension("hidden=8,16-8")))


def report(schedule: Schedule, task: Task) -> None:
    value = 0.9 - task.trial / 100
    schedule.report(Result(task, "", task.epochs, 1.0, 1 - value, value))


def play(spec: SweepSpec, most: int = 1000) -> Schedule:
    schedule = Schedule(spec, make_sampler(spec))
    while most and (task := schedule.next()) is not None:
        most -= 1
        report(schedule, task)
    return schedule


def test_a_sampler_that_joins_later_proposes_what_the_first_one_does() -> None:
    """Settings depend on the trials alone, however a process came to know of them."""
    spec = SweepSpec(SPACE, trials=30, sampler="tpe", fields={"epochs": 9})
    first = play(spec, 20)
    number = len(first.trials)
    proposed = make_sampler(spec)(number, first.trials)
    assert proposed == make_sampler(spec)(number, first.trials)
    assert proposed in SPACE


@pytest.mark.slow
def test_every_trial_is_copied_once(tmp_path: Path) -> None:
    spec = SweepSpec(SPACE, trials=9, fields={"epochs": 9})
    url = f"sqlite:///{tmp_path}/sweeps.db"
    half = play(spec, 9)
    mirror = OptunaMirror(url, "s", spec)
    mirror.add(half.trials)
    schedule = play(spec)
    mirror.add(schedule.trials)
    OptunaMirror(url, "s", spec).add(schedule.trials)
    import optuna

    study = optuna.load_study(study_name="s", storage=open_storage(optuna, url))
    states = [trial.state.name for trial in study.trials]
    assert (states.count("COMPLETE"), states.count("PRUNED")) == (1, 8)
    assert study.best_params["learning_rate"] > 0
    assert study.best_trial.intermediate_values == {1: 0.9, 3: 0.9, 9: 0.9}


def test_a_study_of_another_space_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sweeps.db"
    OptunaMirror(url, "s", SweepSpec(SPACE))
    with pytest.raises(CommandError, match="of another space"):
        OptunaMirror(url, "s", SweepSpec(Space(SPACE.dimensions[:1])))


WORDS = ("sweep", "--vary", "lr=0.01,0.1", "--limit", "300", "--hidden", "8", "--epochs", "1")


def test_a_storage_that_cannot_be_used_leaves_no_sweep(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--runs-dir", str(tmp_path / "runs"), "--storage", "nosuch://x")
    assert main([*WORDS, *where]) == ExitCode.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert "--storage nosuch://x: cannot be used" in line
    assert list((tmp_path / "sweeps").iterdir()) == []


@pytest.mark.slow
def test_a_storage_by_the_command_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/sweeps.db"
    where = ("--runs-dir", str(tmp_path / "runs"), "--name", "s", "--sampler", "grid")
    done = run_command(*WORDS, *where, "--storage", url)
    assert done.returncode == 0, done.stderr
    import optuna

    assert len(optuna.load_study(study_name="s", storage=open_storage(optuna, url)).trials) == 2


@pytest.mark.parametrize("is_resumed", [False, True])
def test_tpe_learns_of_trials_that_diverged(is_resumed: bool) -> None:
    """The best settings lie beside those that diverge; random ones diverge in 38 of 100 cases."""
    space = Space((parse_dimension("lr=0.001..10:log"), parse_dimension("momentum=0..0.9")))
    spec = SweepSpec(space, sampler="tpe", trials=60, halving=False)
    schedule = Schedule(spec, make_sampler(spec))
    diverged = []
    while (task := schedule.next()) is not None:
        rate = schedule.trials[task.trial].setting["learning_rate"]
        assert isinstance(rate, float)
        diverged.append(rate > 0.3)
        accuracy = None if rate > 0.3 else 0.9 + 0.02 * math.log10(rate)
        loss = None if accuracy is None else 1 - accuracy
        schedule.report(Result(task, "", 10.0, 1.0, loss, accuracy))
        if is_resumed:  # by a process that knows the trials only
            schedule._ask = make_sampler(spec)
    assert sum(diverged[20:]) < 30
