"""The train screen: every key, at every moment, and what is shown of a run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.events import RateChanged
from nn.training.advice import Advice
from tests.support.charts import draw_at_once
from tests.support.training_script import DirectedRun, epoch, epochs, finished, step
from tui.app.app import MnistApp
from tui.app.screens.finding import FindScreen
from tui.app.screens.run_status import run_state
from tui.app.screens.train import TrainScreen
from tui.app.state import live_run, present_run
from tui.app.state.messages import BackgroundFailed, DataLoaded
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.widgets.chart import Chart
from tui.app.widgets.config_form import ConfigForm
from tui.app.widgets.curves import Curves
from tui.app.widgets.epoch_table import EpochTable
from tui.app.widgets.field_list import FieldInput, FieldList
from tui.app.widgets.gradient_flow import GradientFlow
from tui.app.widgets.numbers import Numbers, gradient_lines
from tui.app.widgets.strips import StripWidget
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal

CONFIG = TrainConfig(epochs=4)
Scenario = Callable[["Sitting"], Coroutine[Any, Any, None]]


class Sitting:
    """An application under test, with short ways to what the tests look at."""

    def __init__(self, app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        self.app, self.pilot, self.bench = app, pilot, app.bench

    @property
    def screen(self) -> TrainScreen:
        screen = next(s for s in self.app.screen_stack if isinstance(s, TrainScreen))
        assert isinstance(screen, TrainScreen)
        return screen

    @property
    def run(self) -> DirectedRun:
        run: Any = self.bench.run
        assert isinstance(run, DirectedRun)
        return run

    @property
    def curves(self) -> Curves:
        return self.screen.query_one(Curves)

    @property
    def status(self) -> str:
        return str(self.screen.query_one("#status").render())

    async def load(self) -> None:
        """Let the data arrive."""
        nothing_told = SimpleNamespace(remark="")
        self.app.post_message(DataLoaded(self.bench.config.data_dir, nothing_told))  # type: ignore[arg-type]
        await self.pilot.pause()
        await self.tell(Status.READY)

    async def tell(self, status: Status, *events: Any) -> None:
        """Let the run tell something, as the application collects it, and draw it."""
        self.run.tell(status, *events)
        assert self.bench.collect(self.run)  # type: ignore[arg-type]
        self.screen.show_progress()
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def lines(self, kind: type[StripWidget]) -> list[str]:
        return [strip.text.rstrip() for strip in self.screen.query_one(kind)._strips]

    def names(self, chart: str) -> list[str]:
        return [one.prefix + one.name for one in self.screen.query_one(f"#{chart}", Chart)._series]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs a scenario in an application whose data and runs come from the test."""
    monkeypatch.setattr(present_run, "load_in_background", lambda data_dir, post: None)
    monkeypatch.setattr(live_run, "LiveRun", DirectedRun)
    draw_at_once(monkeypatch)

    def run(
        scenario: Scenario,
        *,
        size: tuple[int, int] = (80, 24),
        config: TrainConfig = CONFIG,
        ascii_only: bool = False,
        loaded: bool = True,
    ) -> None:
        async def main() -> None:
            app = MnistApp(Experiment(config), terminal=Terminal(ascii_only, "full"))
            async with app.run_test(size=size) as pilot:
                await app.screen.workers.wait_for_complete()
                await pilot.pause()
                sitting = Sitting(app, pilot)
                if loaded:
                    await sitting.load()
                await scenario(sitting)

        asyncio.run(main())

    return run


KEYS = [
    "space",
    "e",
    "s",
    "x",
    "r",
    "plus",
    "minus",
    "d",
    "G",
    "y",
    "S",
    "z",
    "less_than_sign",
    "greater_than_sign",
    "p",
    "P",
    "n",
    "u",
    "b",
    "v",
    "c",
    "tab",
    "shift+tab",
    "left",
    "right",
    "escape",
    "up",
    "down",
]


@pytest.mark.usefixtures("whole_frames")
def test_every_key_before_the_data_are_there(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        assert at.status == "loading data"
        await at.press(*KEYS)
        assert at.bench.run is None

    play(scenario, loaded=False)


@pytest.mark.slow
@pytest.mark.usefixtures("whole_frames")
def test_every_key_before_the_first_metric(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press(*KEYS)
        await at.press(
            "f", *["down", "up", "tab", "shift+tab", "pagedown", "pageup", "enter", "left", "right"]
        )
        assert at.app.is_running

    play(scenario)


@pytest.mark.usefixtures("whole_frames")
@pytest.mark.parametrize("size", [(40, 15), pytest.param((200, 50), marks=pytest.mark.slow)])
def test_every_key_at_every_size_while_training(
    play: Callable[..., None], size: tuple[int, int]
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, *epochs(2))
        await at.press(*(key for key in KEYS if key not in "xr"))
        assert at.app.is_running
        assert at.run.rate_factor == pytest.approx(1)

    play(scenario, size=size)


def test_space_starts_pauses_and_resumes(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("space")
        await at.tell(Status.RUNNING, step(1))
        assert at.status.startswith("running: run 1, default epochs=4")
        await at.press("space")
        await at.tell(Status.PAUSED, step(2))
        assert at.status.startswith("paused")
        await at.press("space")
        assert at.run.goals == [Goal.RUN, Goal.PAUSE, Goal.RUN]

    play(scenario)


def test_space_while_the_data_load_is_remembered_and_can_be_taken_back(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("space")
        await at.press("space")
        await at.press("space")
        await at.load()
        assert at.run.goal is Goal.RUN

    play(scenario, loaded=False)


def test_stop_while_the_data_load_takes_the_start_back(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("space", "x")
        await at.load()
        assert at.run.goal is Goal.PAUSE

    play(scenario, loaded=False)


def test_one_epoch_one_step_and_stop(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("e", "s", "x")
        assert at.run.goals == [Goal.EPOCH, Goal.STEP, Goal.STOP]
        await at.tell(Status.STOPPED)
        assert at.status.startswith("stopped")
        await at.press("e")
        assert at.run.goal is Goal.EPOCH
        assert at.run.goals == [], "a new run, begun with that goal"

    play(scenario)


def test_a_finished_run_says_what_can_be_done_next(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        first = at.run
        await at.tell(Status.FINISHED, *epochs(4), finished(4))
        assert at.status.startswith("finished (completed): run 1")
        assert "u more epochs" in str(at.screen.query_one("#next").render())
        await at.press("space")
        assert "Go on for how many more epochs" in str(at.screen.prompt.render())
        await at.press("enter")
        assert at.run is first, "a run that is not saved cannot go on"
        await at.press("r")
        assert at.run is not first
        assert at.run.config.seed == at.bench.histories[0].config.seed + 1
        assert len(at.bench.histories) == 2
        assert not at.screen.query_one("#next").display

    play(scenario)


def test_after_an_early_stop_the_weights_that_are_kept_are_told(
    play: Callable[..., None],
) -> None:
    """The header once had the accuracy of the last epoch, the other screens that of the kept."""

    async def scenario(at: Sitting) -> None:
        kept = epoch(2)
        end = replace(
            finished(3), reason="early-stopped", kept_step=kept.step, evaluation=kept.evaluation
        )
        await at.tell(Status.RUNNING, *epochs(3))
        assert run_state(at.bench).accuracy == 0.925
        await at.tell(Status.RUNNING, end)  # it is being saved
        assert at.status.startswith("finished (early-stopped): run 1")
        state = run_state(at.bench)
        assert (state.word, state.accuracy, state.left) == ("finished", 0.9, None)

    play(scenario)


def test_the_time_left_in_slow_motion_contains_the_waits(play: Callable[..., None]) -> None:
    """The times of events do not; here a step takes half a second without them."""

    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(10))
        for pace, seconds in ((None, 15), (10, 15), (1, 30)):
            at.bench.slow_down(pace)
            at.screen.show_progress()
            await at.pilot.pause()
            assert run_state(at.bench).left == seconds
            assert at.lines(Numbers)[4] == f"Time   5s, {seconds}s left"

    play(scenario)


def test_a_failure_is_shown_in_full(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        at.run.status = Status.FAILED
        at.app.post_message(BackgroundFailed(ValueError("no such [thing]"), at.bench.run))
        await at.pilot.pause()
        assert at.status == "failed: no such [thing]"
        await at.press("r")
        assert at.status.startswith("ready")

    play(scenario)


@pytest.mark.parametrize(
    "size", [(80, 24), (40, 15), (120, 40), pytest.param((200, 50), marks=pytest.mark.slow)]
)
def test_advice_is_shown_with_the_key_that_changes_what_it_names(
    play: Callable[..., None], size: tuple[int, int]
) -> None:
    high = Advice("rate too high", "the loss rises", "take less", "learning_rate", factor=0.1)
    learned = Advice("overfitting", "it turns", "stop here", "patience")
    units = Advice("dead units", "90% are dead", "start again", "learning_rate")

    async def scenario(at: Sitting) -> None:
        line = at.screen.query_one("#advice")
        assert not line.display
        for advice, key in ((high, "-"), (learned, "x"), (units, "b")):
            at.run.advice = advice
            await at.tell(Status.RUNNING, *epochs(1))
            assert line.display
            assert str(line.render()) == f"Advice: {advice} (key {key})"
            assert line.region.height > 0
        at.run.advice = replace(high, factor=10.0)
        await at.tell(Status.RUNNING)
        assert "(key +)" in str(line.render())
        at.run.advice = replace(high, back=True)
        await at.tell(Status.RUNNING, step(12))  # of the epoch after the best
        assert "(key b)" in str(line.render())
        at.run.advice = high
        await at.tell(Status.FINISHED)
        assert "(key f)" in str(line.render())
        await at.pilot.press("r")
        await at.pilot.pause()
        assert not line.display

    play(scenario, size=size)


def test_reset_keeps_the_curves_of_the_run_before(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, *epochs(3))
        first = at.run
        await at.press("r")
        assert first.goal is Goal.STOP
        assert at.run.goal is Goal.PAUSE
        await at.tell(Status.READY)
        assert at.names("accuracy") == ["1:default epochs=4"]
        await at.tell(Status.FINISHED, *epochs(2))
        assert at.names("accuracy") == ["1:default epochs=4", "training", "test"]
        assert at.names("loss") == ["1:default epochs=4", "batch", "training", "test"]
        await at.press("v")
        assert at.names("accuracy") == ["training", "test"]
        await at.press("v", "c")
        assert at.names("accuracy") == ["training", "test"]
        assert len(at.bench.histories) == 1

    play(scenario)


def test_losses_of_another_function_stay_off_the_loss_chart(play: Callable[..., None]) -> None:
    """Mean squared error against cross-entropy: comparable in accuracy only."""

    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, *epochs(2))
        other = TrainConfig(loss="squared-error")
        at.bench.configure(Experiment(other))
        await at.press("r")
        await at.tell(Status.FINISHED, *epochs(2))
        assert "1:default epochs=4" in at.names("accuracy")
        assert at.names("loss") == ["batch", "training", "test"]
        assert at.curves.charts["loss"].note == ": squared error, summed over the outputs"

    play(scenario)


def test_the_learning_rate_is_changed_while_training_and_marked(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(5))
        await at.press("plus")
        assert at.run.rate_factor == 1.25
        assert "Rate   0.125 (x1.25)" in at.lines(Numbers)
        await at.tell(Status.PAUSED, RateChanged(5, 1.25), step(6))
        expected = ((0.5, "lr x1.25"),)
        assert at.curves.charts["loss"].marks == at.curves.charts["accuracy"].marks == expected
        await at.press("minus", "minus")
        assert at.run.rate_factor == pytest.approx(0.8)

    play(scenario)


def test_log_scale_smoothing_and_zoom_go_round(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(3))
        await at.press("y", "S", "z")
        loss, accuracy = at.curves.charts["loss"], at.curves.charts["accuracy"]
        assert (loss.y_log, loss.smoothing, loss.zoom) == (True, 0.6, 0.5)
        assert (accuracy.y_log, accuracy.smoothing, accuracy.zoom) == (False, 0.6, 0.5)
        assert loss.note == ", log scale, smoothed 0.6, last 50%: cross-entropy of an image"
        await at.press("y", *"SSS", *"zzzz")
        assert (loss.y_log, loss.smoothing, loss.zoom) == (False, 0.0, 1.0)
        assert accuracy.note == ""

    play(scenario)


def test_the_value_cursor_of_the_focused_chart(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(3))
        await at.press("left")
        assert at.curves.charts["loss"].cursor_x == 3
        await at.press("tab", "left", "left")
        assert at.curves.charts["accuracy"].cursor_x == 1
        assert at.curves.charts["loss"].cursor_x == 1, "all charts are read at the same epoch"
        await at.press("escape")
        assert at.curves.charts["accuracy"].cursor_x is None

    play(scenario)


def test_the_running_loss_moves_within_the_epoch(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(1), step(2))
        assert at.names("loss") == ["batch"]
        await at.tell(Status.RUNNING, step(4))
        assert list(at.curves.charts["loss"]._series[0].points[0]) == [0.1, 0.2, 0.4]

    play(scenario)


def test_steps_within_an_epoch_do_not_move_the_curves_of_earlier_ones(
    play: Callable[..., None],
) -> None:
    """The x axis reaches to the end of the epoch under way; what has not changed is not sent."""

    async def scenario(at: Sitting) -> None:
        chart = at.curves.charts["accuracy"]

        def drawn() -> list[str]:
            chart.redraw()
            return [strip.text for strip in chart._strips]

        await at.tell(Status.RUNNING, epoch(1), epoch(2), step(21))
        before = drawn()
        assert before[-1].split()[-2:] == ["3", "epoch"]
        for done in range(22, 30):
            await at.tell(Status.RUNNING, step(done))
            assert drawn() == before
        await at.press("z")
        assert "3" not in drawn()[-1].split(), "a zoomed chart ends with its data"
        await at.press("z", "z", "z", "z")
        assert drawn() == before

    play(scenario)


def test_gradients_by_layer_take_the_place_of_the_charts_and_stay_after_the_end(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.FINISHED, *epochs(4), finished(4))
        await at.press("G")
        at.curves.flow.redraw()
        lines = at.lines(GradientFlow)
        assert next(line.split()[:2] for line in lines if "e-0" in line[60:]) == ["out", "2"]
        assert not at.curves.charts["loss"].display
        assert at.app.focused is at.curves.flow
        await at.press("left", "left", "escape", "tab")
        assert at.app.focused is at.curves.charts["accuracy"], "a pane that is gone to is seen"
        await at.press("G", "G")
        assert at.app.focused is at.curves.charts["loss"]

    play(scenario)


def test_numbers(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, epoch(1), step(14, norms=(1e-7, 1.0)))
        assert [line.rstrip("█░ ") for line in at.lines(Numbers)] == [
            "Epoch   40% of 2/4",
            "Run     35%",
            "Step   14 of 40",
            "Speed  12,345 images/s",
            "Time   7s, 13s left",
            "Rate   0.1",
            "Grad 1 1.00e-07",
            "Grad 2 1.00e+00",
        ]

    play(scenario)


def test_a_vanishing_gradient_is_seen() -> None:
    lines = gradient_lines((1e-7, 1e-3, 1.0), rows=9, width=37, ascii_only=True)
    assert [line.count("#") for line in lines] == [2, 10, 16]
    weird = gradient_lines(
        (0.0, float("nan"), float("inf"), 1e9), rows=9, width=37, ascii_only=True
    )
    assert [line.count("#") for line in weird] == [0, 0, 20, 20]


def test_of_many_layers_an_even_choice_with_both_ends() -> None:
    lines = gradient_lines([0.1] * 100, rows=4, width=30, ascii_only=True)
    assert [line.split()[1] for line in lines] == ["1", "34", "67", "100"]
    assert [line.split()[0] for line in lines] == ["Grad", "..", "..", ".."]
    assert gradient_lines([0.1] * 5, rows=0, width=30, ascii_only=True) == []


def test_a_real_run_from_start_to_end(small: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(present_run, "load_in_background", lambda data_dir, post: None)
    config = TrainConfig(epochs=3, batch_size=50, hidden=(8,))

    async def main() -> None:
        app = MnistApp(Experiment(config), terminal=Terminal(False, "full"))
        async with app.run_test() as pilot:
            at = Sitting(app, pilot)
            while not app.bench.loading:  # only data that were asked for are taken
                await pilot.pause(0.01)
            app.post_message(DataLoaded("", small))
            await at.press("space")
            for _ in range(1200):
                ended = at.status.startswith("finished (completed)")
                if ended and len(at.lines(EpochTable)) == 4 and at.names("accuracy"):
                    break
                await pilot.pause(0.05)
            assert len(at.lines(EpochTable)) == 4
            assert at.names("accuracy") == ["training", "test"]
            assert at.lines(Numbers)[2] == "Step   18 of 18"

    asyncio.run(main())


def test_the_table_of_epochs_marks_the_best(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        heading = at.lines(EpochTable)[0]  # there are no validation images, and no rows yet
        assert heading == " epoch train loss test loss train acc test acc"
        await at.tell(
            Status.PAUSED, epoch(1, accuracy=0.9), epoch(2, accuracy=0.95), epoch(3, accuracy=0.93)
        )
        assert at.lines(EpochTable) == [
            " epoch train loss test loss train acc test acc",
            "     1     0.5000    0.6500    92.00%   90.00%",
            "     2     0.3333    0.4333    97.00%  *95.00%",
            "     3     0.2500   *0.3250    95.00%   93.00%",
        ]

    play(scenario)


def test_the_table_has_every_column_where_there_is_room(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, epoch(1, validation=True))
        assert at.lines(EpochTable)[0].lstrip() == (
            "epoch    loss train loss val loss test loss train acc val acc test acc     rate   time"
        )

    play(scenario, size=(180, 24), config=TrainConfig(epochs=4, validation=0.1))


def test_the_table_scrolls_and_follows(play: Callable[..., None]) -> None:
    config = TrainConfig(epochs=30)

    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(20))
        await at.press("tab", "tab")
        assert at.app.focused is at.screen.query_one(EpochTable)
        first = lambda: int(at.lines(EpochTable)[1].split()[0])  # noqa: E731
        assert first() == 13
        await at.press("up", "up")
        assert first() == 11
        await at.tell(Status.PAUSED, epoch(21))
        assert first() == 11, "it stays where it was scrolled to"
        await at.press("pageup", "pagedown", "home")
        assert first() == 1
        await at.press("end")
        await at.tell(Status.PAUSED, epoch(22))
        assert first() == 15, "at the end it follows again"
        await at.press("down")
        assert first() == 15

    play(scenario, config=config)


def test_small_terminals_show_one_pane_at_a_time(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(2))
        panes = {name: at.screen.query_one(f"#{name}") for name in ("loss", "accuracy", "table")}

        def shown() -> list[str]:
            return [name for name, pane in panes.items() if pane.region]

        seen = [shown()]
        for _ in range(4):
            await at.press("tab")
            seen.append(shown())
        assert seen == [["loss"], ["accuracy"], [], ["table"], ["loss"]]
        await at.press("shift+tab", "shift+tab")
        assert at.screen.query_one(Numbers).region.height > 2
        await at.pilot.resize_terminal(80, 24)
        await at.pilot.pause()
        assert shown() == ["loss", "accuracy", "table"]

    play(scenario, size=(40, 15))


def test_the_form_is_a_pane_of_its_own_and_escape_closes_it(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        form = at.screen.query_one(ConfigForm)
        assert not form.region
        await at.press("f")
        assert form.region.width == 80
        assert not at.curves.region
        assert form.has_focus_within
        await at.press("escape")
        assert not form.region
        assert at.app.focused is at.curves.charts["loss"]

    play(scenario)


def test_wide_screens_show_the_form_beside_the_charts(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        form = at.screen.query_one(ConfigForm)
        assert form.region
        await at.tell(Status.PAUSED, *epochs(1))
        assert at.curves.region
        assert len(at.lines(FieldList)) == form.query_one(FieldList).size.height
        await at.press("f")
        assert form.has_focus_within
        await at.press("escape")
        assert form.region
        assert not form.has_focus_within

    play(scenario, size=(120, 40))


def test_an_edited_field_makes_a_new_run_ready(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        first = at.run
        await at.press("f", *["down"] * 2, *"500", "enter")
        assert at.bench.config.limit == 500
        assert at.run is not first
        assert at.run.config.limit == 500

    play(scenario)


def test_a_run_that_has_begun_goes_on_with_its_own_configuration(
    play: Callable[..., None],
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.RUNNING, step(3))
        first = at.run
        await at.press("f", *["down"] * 2, *"500", "escape")
        assert at.bench.config.limit == 500
        assert at.run is first
        assert "form changed, r: new run" in at.status
        await at.press("r")
        assert at.run.config.limit == 500
        assert "form changed" not in at.status

    play(scenario)


def test_a_wrong_form_starts_nothing_but_does_not_stop_a_run(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("f", *["down"] * 2, *"x", "escape", "space")
        assert at.run.goals == []
        message = "limit=x: must be a whole number, at least 0"
        assert [n.message for n in at.app._notifications] == [message]
        await at.tell(Status.RUNNING, step(3))
        await at.press("space")
        assert at.run.goals == [Goal.RUN]
        run = at.run
        await at.press("r")
        assert at.run is run, "there is nothing to make a new run of"

    play(scenario)


def test_letters_in_the_form_are_no_commands(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        run = at.run
        await at.press("f", *"qersx12?")
        assert at.app.is_running
        assert at.app.screen is at.screen
        assert (at.run, at.run.goals) == (run, [])

    play(scenario)


def test_a_recipe_is_chosen_from_the_list(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("slash")
        assert isinstance(at.app.screen, FindScreen)
        prompts = [str(option.prompt) for option in at.app.screen.query_one(OptionList).options]
        assert prompts[:2] == ["the defaults of this program", "  default"]
        assert sum("published" in prompt for prompt in prompts) >= 20
        await at.press("down", "enter")
        assert at.bench.experiment.recipe == "two-layer-net"
        assert at.bench.config.hidden == (50,)
        assert at.run.config.hidden == (50,)
        assert at.status.startswith("ready: run 1, two-layer-net")
        await at.press("slash", "escape")
        await at.press("f", "home", "enter")
        assert isinstance(at.app.screen, FindScreen)
        await at.press(*"keras", "enter")
        assert at.bench.experiment.recipe == "keras-adam"

    play(scenario)


def test_a_field_is_found_by_what_it_does(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("f", "slash", *"overfit")
        assert isinstance(at.app.screen, FindScreen)
        await at.press("escape", "slash", *"l2 penalty")
        options = at.app.screen.query_one(OptionList)
        assert [str(option.prompt).split()[0] for option in options.options] == ["weight_decay"]
        await at.press("enter", *"0.5", "enter")
        assert at.bench.config.weight_decay == 0.5
        await at.press("slash", *"data_dir", "enter", "slash")
        assert at.app.focused.value == "/", "a slash is typed where the field is a path"

    play(scenario)


def test_data_that_are_not_there_leave_the_present_run(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        status, run = at.status, at.run
        await at.press("f", "down", *"q/z", "down")
        note = at.app.screen.query_one("ConfigForm > Static", Static)
        assert str(note.content) == "! data folder q/z: no such folder or file"
        assert at.bench.error is None
        assert (at.status, at.run, at.bench.config.data_dir) == (status, run, "")
        await at.press("up", "ctrl+r", "down", *"500", "down")
        assert "no such folder" not in str(note.content)
        assert at.bench.config.limit == 500

    play(scenario)


def test_data_in_the_home_are_there(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "digits").mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))

    async def scenario(at: Sitting) -> None:
        await at.press("f", "down", *"~/digits", "down")
        note = at.app.screen.query_one("ConfigForm > Static", Static)
        assert "data folder" not in str(note.content)
        assert at.bench.config.data_dir == "~/digits"

    play(scenario)


def test_a_second_enter_that_was_on_its_way_chooses_nothing(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("slash", "down")
        recipes = at.app.screen.query_one(OptionList)
        recipes.action_select()
        recipes.action_select()
        await at.pilot.pause()
        assert at.app.screen is at.screen
        assert at.bench.experiment.recipe == "two-layer-net"

    play(scenario)


def test_a_configuration_from_elsewhere_is_shown_on_return(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        at.bench.configure(Experiment(TrainConfig(seed=7)))
        at.screen.show_configuration()
        assert at.screen.query_one(ConfigForm).draft.texts["seed"] == "7"

    play(scenario)


def test_nothing_beyond_ascii_where_it_cannot_be_shown(play: Callable[..., None]) -> None:
    async def scenario(at: Sitting) -> None:
        await at.tell(Status.PAUSED, *epochs(3, validation=True))
        await at.press("plus", "left")
        for widget in at.screen.query(StripWidget):
            assert all(strip.text.isascii() for strip in widget._strips), widget

    play(scenario, size=(120, 40), ascii_only=True)


def test_hints_fit_and_keep_help_and_quit(play: Callable[..., None]) -> None:
    from tui.app.widgets.hints import KeyHints

    async def scenario(at: Sitting) -> None:
        [narrow] = at.lines(KeyHints)
        assert "? Help" in narrow
        assert "q Quit" in narrow
        assert narrow.startswith("space Run/pause  f Form")
        await at.pilot.resize_terminal(80, 24)
        await at.pilot.pause()
        assert "/ Recipes" in at.lines(KeyHints)[0]
        await at.pilot.click(KeyHints, offset=(18, 0))
        assert at.screen.query_one(ConfigForm).has_focus_within

    play(scenario, size=(40, 15))


def test_no_hint_is_a_key_that_is_typed_into_a_field(play: Callable[..., None]) -> None:
    from tui.app.widgets.hints import KeyHints

    async def scenario(at: Sitting) -> None:
        await at.press("f", "down")
        assert isinstance(at.app.focused, FieldInput)
        keys = [key for _, key in at.screen.query_one(KeyHints).shown]
        assert keys
        assert all(len(key) > 1 for key in keys), f"no letter, digit or sign: {keys}"
        assert " Quit" in at.lines(KeyHints)[0]

    play(scenario, size=(80, 24))


def test_every_binding_can_be_remapped() -> None:
    from textual.binding import Binding

    kinds = (TrainScreen, ConfigForm, FieldList, EpochTable, FindScreen, Chart)
    bindings = [binding for kind in kinds for binding in kind.BINDINGS]
    assert all(isinstance(one, Binding) and one.id and one.description for one in bindings)
