"""Successive halving trains nothing twice, keeps the best third, and ends."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.sweeps.importance import importances
from tui.sweeps.rungs import kept
from tui.sweeps.samplers import make_sampler
from tui.sweeps.schedule import Result, Schedule, Task, ranking
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec

SPACE = Space((parse_dimension("learning_rate=0.001..0.1:log"),))


def simulate(
    spec: SweepSpec, value: Callable[[Task], float], workers: int = 1
) -> tuple[Schedule, list[Task]]:
    """Run a sweep whose trials only have values; up to `workers` tasks are under way at once."""
    schedule = Schedule(spec, make_sampler(spec))
    done: list[Task] = []
    under_way: list[Task] = []
    while not schedule.done:
        while len(under_way) < workers and (task := schedule.next()) is not None:
            under_way.append(task)
        assert under_way, "nothing is under way and nothing is due, but the sweep is not done"
        task = under_way.pop(0)
        done.append(task)
        accuracy = value(task)
        loss = None if math.isnan(accuracy) else 1 - accuracy
        schedule.report(Result(task, f"run{task.trial}", task.epochs, 1.0, loss, accuracy))
    return schedule, done


@given(
    trials=st.integers(1, 40),
    seeds=st.integers(1, 3),
    epochs=st.integers(1, 30),
    workers=st.integers(1, 5),
    data=st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_nothing_is_trained_twice_and_a_third_is_kept(
    trials: int, seeds: int, epochs: int, workers: int, data: object
) -> None:
    spec = SweepSpec(SPACE, trials=trials, seeds=seeds, fields={"epochs": epochs})
    values = {n: data.random() for n in range(trials)}  # type: ignore[attr-defined]
    schedule, done = simulate(spec, lambda task: values[task.trial], workers)
    assert len(done) == len(set(done))
    rungs = spec.rungs(epochs)
    expected = trials
    for rung, _ in enumerate(rungs):
        at = {task.trial for task in done if task.rung == rung}
        assert len(at) == expected
        expected = kept(expected)
    best = schedule.best()
    assert best is not None
    assert values[best.number] == max(values.values())
    assert ranking(schedule.trials, spec)[0] is best


@given(
    trials=st.integers(1, 60),
    seeds=st.integers(1, 2),
    epochs=st.integers(1, 30),
    workers=st.integers(1, 5),
    data=st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_brackets_train_nothing_twice_and_end(
    trials: int, seeds: int, epochs: int, workers: int, data: object
) -> None:
    spec = SweepSpec(SPACE, trials=trials, seeds=seeds, fields={"epochs": epochs}, brackets=True)
    values = {n: data.random() for n in range(trials)}  # type: ignore[attr-defined]
    schedule, done = simulate(spec, lambda task: values[task.trial], workers)
    assert len(done) == len(set(done)) == schedule.expected == schedule.finished
    assert {task.trial for task in done} == set(range(trials))
    for first, size, rungs in spec.brackets_of_trials():
        expected = size
        for rung, _ in enumerate(rungs):
            at = {t.trial for t in done if t.rung == rung and first <= t.trial < first + size}
            assert len(at) == expected
            expected = kept(expected)
    best = schedule.best()
    assert best is not None
    assert best.state(seeds) == "finished"


def test_brackets_cost_about_the_same_and_begin_ever_later() -> None:
    spec = SweepSpec(SPACE, trials=206, fields={"epochs": 81}, brackets=True)
    found = [(size, rungs[0]) for _, size, rungs in spec.brackets_of_trials()]
    # Table 1 of the paper for R = 81, with rounding, has 81, 34, 15, 8 and 5.
    assert found == [(117, 1), (49, 3), (22, 9), (11, 27), (7, 81)]


def test_a_run_that_is_reported_twice_counts_once() -> None:
    spec = SweepSpec(SPACE, trials=3, fields={"epochs": 9})
    schedule = Schedule(spec, make_sampler(spec))
    task = schedule.next()
    assert task is not None
    result = Result(task, "run", 3, 1.0, 0.2, 0.9)
    schedule.report(result)
    schedule.report(result)
    assert schedule.finished == 1
    while (task := schedule.next()) is not None:
        schedule.report(Result(task, "run", 3, 1.0, 0.2, 0.9))
    assert schedule.done


def test_a_task_that_others_claimed_is_not_given_out() -> None:
    spec = SweepSpec(SPACE, trials=2, halving=False)
    one, two = (Schedule(spec, make_sampler(spec)) for _ in range(2))
    first = one.next()
    assert first is not None
    two.add(0, one.trials[0].setting)
    two.claim(first)
    second = two.next()
    assert second is not None
    assert second.trial == 1
    assert two.next() is None
    two.release(first)
    two.release(first)
    assert two.next() == first
    assert two.next() is None


def test_lengths_that_differ_are_compared_by_the_value_alone() -> None:
    spec = SweepSpec(Space((parse_dimension("epochs=3,9"),)), sampler="grid")
    schedule, _ = simulate(spec, lambda task: 0.9 if task.trial == 0 else 0.5)
    best = schedule.best()
    assert best is schedule.trials[0]
    assert ranking(schedule.trials, spec)[0] is best


def test_a_trial_of_which_one_seed_diverged_has_failed_and_comes_last() -> None:
    spec = SweepSpec(SPACE, trials=2, seeds=2, halving=False)
    schedule, _ = simulate(
        spec, lambda task: math.nan if (task.trial, task.seed) == (0, 1) else 0.5
    )
    assert [trial.state(2) for trial in schedule.trials] == ["failed", "finished"]
    assert [trial.number for trial in ranking(schedule.trials, spec)] == [1, 0]


def test_a_diverged_trial_is_never_kept() -> None:
    spec = SweepSpec(SPACE, trials=3, fields={"epochs": 9})
    schedule, _ = simulate(spec, lambda task: math.nan if task.trial == 0 else 0.5)
    assert schedule.trials[0].state(1) == "failed"
    assert schedule.best() is schedule.trials[1]


def test_where_everything_diverges_there_is_no_best() -> None:
    schedule, done = simulate(
        SweepSpec(SPACE, trials=9, fields={"epochs": 9}), lambda task: math.nan
    )
    assert len(done) == 9
    assert schedule.best() is None
    assert {trial.state(1) for trial in schedule.trials} == {"failed"}


def test_a_trial_waits_for_all_of_its_seeds() -> None:
    spec = SweepSpec(SPACE, trials=1, seeds=2, fields={"epochs": 3})
    schedule = Schedule(spec, make_sampler(spec))
    first = schedule.next()
    assert first is not None
    schedule.report(Result(first, "run", 3, 1.0, 0.2, 0.9))
    assert schedule.trials[0].value(0, 2, "accuracy") is None
    second = schedule.next()
    assert second is not None
    schedule.report(Result(second, "run", 3, 1.0, 0.2, 0.8))
    assert schedule.trials[0].value(0, 2, "accuracy") == pytest.approx(0.85)
    assert schedule.trials[0].spread(0, 2, "accuracy") == pytest.approx(0.1 / math.sqrt(2))


def test_a_released_task_comes_again() -> None:
    spec = SweepSpec(SPACE, trials=1)
    schedule = Schedule(spec, make_sampler(spec))
    task = schedule.next()
    assert task is not None
    assert schedule.next() is None
    schedule.release(task)
    assert schedule.next() == task


def test_the_objective_may_be_the_loss() -> None:
    spec = SweepSpec(SPACE, trials=3, objective="loss", halving=False)
    schedule, _ = simulate(spec, lambda task: [0.1, 0.9, 0.5][task.trial])
    assert [trial.number for trial in ranking(schedule.trials, spec)] == [1, 2, 0]


@pytest.mark.parametrize("varied", ["epochs=3,9", "steps=30,90"])
def test_trials_of_different_lengths_are_not_halved(varied: str) -> None:
    spec = SweepSpec(Space((parse_dimension(varied),)), sampler="grid")
    _, done = simulate(spec, lambda task: 0.5)
    assert {task.rung for task in done} == {0}


def test_random_settings_depend_on_their_number_alone() -> None:
    ask = make_sampler(SweepSpec(SPACE))
    assert ask(3, []) == ask(3, []) != ask(4, [])


def test_the_parzen_estimator_comes_near_the_best() -> None:
    """Accuracy is highest at a rate of 0.01; the later half of the trials is nearer than chance."""
    pytest.importorskip("optuna", reason="the extra sweep is not installed")
    spec = SweepSpec(SPACE, trials=40, sampler="tpe", halving=False)
    schedule = Schedule(spec, make_sampler(spec))

    def distance(rate: object) -> float:
        return abs(math.log10(float(rate)) + 2)  # type: ignore[arg-type]

    while not schedule.done:
        task = schedule.next()
        assert task is not None
        off = distance(schedule.trials[task.trial].setting["learning_rate"])
        schedule.report(Result(task, "", 1, 1.0, off, 1 - off))
    late = [distance(trial.setting["learning_rate"]) for trial in schedule.trials[20:]]
    assert sum(late) / len(late) < 0.25  # chance: 0.5


def test_the_field_that_matters_has_the_larger_share() -> None:
    space = Space(
        (parse_dimension("learning_rate=0.001..0.1:log"), parse_dimension("hidden=16,32,64"))
    )
    spec = SweepSpec(space, trials=60, halving=False)
    schedule = Schedule(spec, make_sampler(spec))
    while not schedule.done:
        task = schedule.next()
        assert task is not None
        rate = schedule.trials[task.trial].setting["learning_rate"]
        schedule.report(Result(task, "", 1, 1.0, 0.0, math.log10(float(rate))))  # type: ignore[arg-type]
    shares = importances(schedule.trials, spec)
    assert shares is not None
    assert shares["learning_rate"] > 0.8
    assert shares["hidden"] < 0.2
    assert importances(schedule.trials[:5], spec) is None


def test_values_that_one_trial_each_has_have_no_share() -> None:
    """Nine groups of one trial each: a share of all or of nothing would be an artefact."""
    space = Space((parse_dimension(f"batch_size={','.join(str(2**n) for n in range(9))}"),))
    spec = SweepSpec(space, sampler="grid", halving=False)
    schedule = Schedule(spec, make_sampler(spec))
    while (task := schedule.next()) is not None:
        schedule.report(Result(task, "", 1, 1.0, 1.0, task.trial / 10))
    assert importances(schedule.trials, spec) == {}
