"""Settings compared in pairs over seeds."""

from __future__ import annotations

from tui.sweeps.comparison import comparison_text
from tui.sweeps.schedule import Result, Schedule
from tui.sweeps.space import Space, parse_dimension
from tui.sweeps.spec import SweepSpec


def played(values: dict[str, list[float]], **settings: object) -> Schedule:
    """A grid over activations with these accuracies by seed."""
    space = Space((parse_dimension(f"activation={','.join(values)}"),))
    seeds = len(next(iter(values.values())))
    spec = SweepSpec(space, sampler="grid", seeds=seeds, halving=False, **settings)  # type: ignore[arg-type]
    schedule = Schedule(spec, lambda number, _: spec.space.of_grid(5, number))
    while (task := schedule.next()) is not None:
        name = str(schedule.trials[task.trial].setting["activation"])
        value = values[name][task.seed]
        schedule.report(Result(task, "", 1, 1.0, 1 - value, value))
    return schedule


def test_what_is_close_is_undecided_and_the_text_has_the_signs() -> None:
    values = {"relu": [0.90, 0.92, 0.91], "tanh": [0.91, 0.91, 0.90], "sigmoid": [0.5, 0.52, 0.51]}
    schedule = played(values)
    lines = comparison_text(schedule.trials, schedule.spec).splitlines()
    assert "over 3 seeds in pairs" in lines[0]
    assert "undecided" in lines[2]
    assert "activation=tanh" in lines[2]
    assert "+40.00  [+40.00, +40.00]  better  activation=sigmoid" in lines[3]
    by_loss = played(values, objective="loss")
    assert "-0.4000  [-0.4000, -0.4000]" in comparison_text(by_loss.trials, by_loss.spec)


def test_one_seed_is_no_comparison() -> None:
    schedule = played({"relu": [0.9], "tanh": [0.8]})
    assert comparison_text(schedule.trials, schedule.spec) == ""
