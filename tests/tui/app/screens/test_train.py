"""The train screen: every key at every moment, and how a run is begun, steered and ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.training.advice import Advice
from tests.support.training_screen import Sitting
from tests.support.training_script import epoch, epochs, finished, step
from tui.app.app import MnistApp
from tui.app.screens.finding import FindScreen
from tui.app.screens.run_status import run_state
from tui.app.screens.train import TrainScreen
from tui.app.state import present_run
from tui.app.state.messages import BackgroundFailed, DataLoaded
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.widgets.chart import Chart
from tui.app.widgets.config_form import ConfigForm
from tui.app.widgets.epoch_table import EpochTable
from tui.app.widgets.field_list import FieldList
from tui.app.widgets.numbers import Numbers
from tui.app.widgets.strips import StripWidget
from tui.recording.experiment import Experiment
from tui.system.terminal import Terminal

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


def test_every_binding_can_be_remapped() -> None:
    from textual.binding import Binding

    kinds = (TrainScreen, ConfigForm, FieldList, EpochTable, FindScreen, Chart)
    bindings = [binding for kind in kinds for binding in kind.BINDINGS]
    assert all(isinstance(one, Binding) and one.id and one.description for one in bindings)
