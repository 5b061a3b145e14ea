"""Runs one after another: the curves of the first stay, and one that is offered waits."""

from __future__ import annotations

from textual.pilot import Pilot

from nn.config import TrainConfig
from tests.support.scenarios import LONG, begin_long_run, run, trained, until
from tui.app.app import MnistApp
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode


def test_a_second_run_keeps_the_curves_of_the_first() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await trained(app, pilot)
        app.bench.configure(Experiment(TrainConfig(limit=300, epochs=2, hidden=(4,))))
        assert app.bench.history is not None
        assert app.bench.history.finished  # the new configuration waits for the next run
        app.bench.go(Goal.RUN)
        await until(
            pilot, lambda: len(app.bench.histories) == 2 and app.bench.histories[1].finished
        )
        labels = [history.label for history in app.bench.histories]
        assert len(set(labels)) == 2
        assert all(len(history.evaluations) == 2 for history in app.bench.histories)

    run(scenario)


def test_a_run_that_is_offered_takes_the_place_of_one_that_has_ended() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await trained(app, pilot)
        offered = Experiment(TrainConfig(limit=300, epochs=2, hidden=(4,)))
        assert app.bench.offer(offered)
        await until(pilot, lambda: app.bench.status is Status.READY)
        assert app.bench.run is not None
        assert app.bench.run.config == offered.config

    run(scenario)


def test_a_run_that_is_offered_waits_while_another_goes_on() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await begin_long_run(app, pilot)
        await until(pilot, lambda: app.bench.history and app.bench.history.latest)
        offered = Experiment(TrainConfig(limit=300, epochs=2, hidden=(4,)))
        assert not app.bench.offer(offered)
        assert app.bench.run is not None
        assert app.bench.run.config == LONG
        assert app.bench.status is Status.RUNNING
        assert app.bench.experiment == offered
        app.bench.stop()

    run(scenario, LONG)
