"""The digits screen: newer weights are followed, and what is said before and without them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from textual.pilot import Pilot

from nn.data.dataset import Split
from nn.errors import DataError
from nn.network.predictor import Predictions
from tests.support.digits_screen import a_run, browse, place, screen
from tests.support.messages import notes, said, text
from tests.support.networks import shown
from tests.support.quiescence import until
from tests.support.scripted import ScriptedRun, mistaken, play, predicted, scripted_app
from tui.app.app import MnistApp
from tui.app.screens import predicting
from tui.app.state.browser import Query
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Status
from tui.app.widgets.trajectory import Trajectory
from tui.system.exits import ExitCode

pytestmark = pytest.mark.usefixtures("predicted_at_once")


def test_newer_weights_are_followed_and_the_trajectory_grows() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        trajectory = app.screen.query_one("#facts Trajectory", Trajectory)
        labels = run.splits["test"].labels
        run.advance(labels)
        screen(app).draw()  # the predictions of all digits are still of the weights before
        assert str(app.screen.query_one("#facts").border_title) == "Prediction, epoch 1"
        assert "untrained" in str(app.screen.query_one("#sheet").border_subtitle)
        screen(app).show_snapshot()
        await predicted(app, pilot)
        await pilot.pause()
        assert "epoch 1" in str(app.screen.query_one("#sheet").border_subtitle)
        assert str(app.screen.query_one("#facts").border_title) == "Prediction, epoch 1"
        assert said(app).startswith("RIGHT ")
        drawn = [trajectory.render_line(y).text for y in range(trajectory.size.height)]
        assert drawn[0].startswith("P(0) and prediction by epoch")
        assert drawn[-2].split() == ["1", "0"]
        assert drawn[-1].split() == ["0", "1"]

    browse(scenario)


def test_staying_with_the_weights_and_following_again() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        await pilot.press("F")
        assert str(app.screen.query_one("#facts").border_title) == "Prediction, frozen at untrained"
        run.advance(run.splits["test"].labels)
        screen(app).show_snapshot()
        await predicted(app, pilot)
        assert said(app).startswith("WRONG ")
        await pilot.press("F")
        await predicted(app, pilot)
        assert str(app.screen.query_one("#facts").border_title) == "Prediction, epoch 1"
        assert said(app).startswith("RIGHT ")

    browse(scenario)


def test_a_digit_stays_while_its_position_moves() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        await pilot.press("slash", "n", "n")
        assert place(app).startswith("Test 6  3 of 100")
        run.advance(mistaken(run.splits["test"].labels, 2))
        screen(app).show_snapshot()
        await predicted(app, pilot)
        assert place(app).startswith("Test 6  4 of 150")
        assert text(app, "#note") == ""

    browse(scenario)


def test_a_digit_that_drops_out_gives_way_to_the_nearest() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        await pilot.press("slash", "n", "n", "n")
        run.advance(mistaken(run.splits["test"].labels, 10))
        screen(app).show_snapshot()
        await predicted(app, pilot)
        assert place(app).startswith("Test 10  2 of 30")
        assert text(app, "#note") == "Digit 9 is no longer among these; 10 is the nearest"
        await pilot.press("l")
        assert text(app, "#note") == ""

    browse(scenario)


def test_fresher_weights_are_asked_for_in_long_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        monkeypatch.setattr(predicting, "STALE", math.inf)  # a busy machine is slow
        screen(app).show_progress()
        assert run.wanted == 0, "the last ones are not old"
        monkeypatch.setattr(predicting, "STALE", -1.0)
        screen(app).show_progress()
        assert run.wanted == 1
        await pilot.press("F")
        screen(app).show_progress()
        assert run.wanted == 1, "nobody would look at them"
        await pilot.press("F")
        run.status = Status.PAUSED
        screen(app).show_progress()
        assert run.wanted == 1

    browse(scenario)


def test_fast_epochs_are_followed_at_a_modest_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "PACE", 60.0)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        for _ in range(5):
            last = run.advance(run.splits["test"].labels)
            screen(app).show_snapshot()
            await pilot.pause()
        assert last.asked == []
        await pilot.press("l")
        assert last.asked == [1], "a key shows what is there at once"

    browse(scenario)


def test_an_error_while_predicting_is_told_and_is_none_of_the_run() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        failing = run.advance(run.splits["test"].labels)

        def fail() -> Any:
            raise RuntimeError("out of order")

        failing.snapshot = fail  # type: ignore[method-assign]
        screen(app).show_snapshot()
        await until(pilot, lambda: notes(app))
        assert notes(app) == "The digits cannot be predicted (epoch 1): out of order"
        assert app.bench.error is None
        assert "failed" not in shown(app)[0]
        run.status = Status.FINISHED
        await pilot.press("q")

    assert browse(scenario).return_value is ExitCode.SUCCESS


def test_before_there_are_data() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert place(app) == "Preparing the run ..."
        await pilot.press(
            *"hjklnpNRoadFv", "slash", "tab", "enter", "escape", "home", "pagedown", "g", "A"
        )
        app.bench.error = DataError("no such folder")
        screen(app).show_configuration()
        assert place(app) == "no such folder"
        app.bench.error = None
        app.bench.run = cast(LiveRun, a_run(3))
        app.bench.browser.query = Query()
        screen(app).show_snapshot()
        await predicted(app, pilot)
        assert place(app).startswith("Test 0")

    app = scripted_app(None, "digits")
    play(app, scenario)


def test_newer_weights_are_predicted_after_a_failure() -> None:
    """And those that failed are not tried again as long as they are shown."""
    failures = []

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        labels = run.splits["test"].labels
        predictor = run.advance(labels)
        predict = predictor.predict

        def fail(split: Split) -> Predictions:
            if len(split) == 1:
                return predict(split)
            failures.append(MemoryError("too large"))
            raise failures[-1]

        predictor.predict = fail  # type: ignore[method-assign]
        screen(app).refresh_now()
        await until(pilot, lambda: "too large" in notes(app))
        for _ in range(3):
            screen(app).refresh_now()
            await pilot.pause(0.02)
        assert len(failures) == 1
        newest = run.advance(labels)
        screen(app).refresh_now()
        await predicted(app, pilot)
        assert len(labels) in newest.asked

    browse(scenario)


def test_nothing_that_is_not_a_number_is_drawn_as_a_bar() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        predictor = run.advance(run.splits["test"].labels)
        predict = predictor.predict
        predictor.predict = lambda split: replace(  # type: ignore[method-assign]
            predict(split),
            probabilities=np.full((len(split), 10), np.nan),
            losses=np.full(len(split), np.nan),
        )
        screen(app).show_snapshot()
        await predicted(app, pilot)
        await pilot.press("o", "o", "o")
        assert "no answer diverged" in said(app)

    browse(scenario)
