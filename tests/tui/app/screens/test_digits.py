"""The digits screen, key by key, over a run whose predictions are written down."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from nn.data.dataset import Split
from nn.errors import DataError
from nn.network.predictor import Predictions
from tests.support.quiescence import until
from tests.support.scripted import (
    Scenario,
    ScriptedRun,
    digits,
    mistaken,
    play,
    predicted,
    scripted_app,
)
from tui.app.app import MnistApp
from tui.app.screens import predicting
from tui.app.screens.digits import DigitsScreen
from tui.app.state.browser import Query
from tui.app.state.drawing import Drawing
from tui.app.state.live_run import LiveRun
from tui.app.state.shown_run import Status
from tui.app.widgets.digit import ContactSheet, DigitView
from tui.app.widgets.headline import HeadlineView
from tui.app.widgets.probabilities import ProbabilityBars
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.trajectory import Trajectory
from tui.system.exits import ExitCode

COUNT = 300


@pytest.fixture(autouse=True)
def no_pacing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "PACE", 0.0)
    monkeypatch.setattr(predicting, "SHARE", 1e6)


def a_run(*every: int) -> ScriptedRun:
    """Splits of 300, 200 and 100 digits; a snapshot for each number, every so many-th digit
    mistaken by it.
    """
    run = ScriptedRun(
        {"test": digits(COUNT), "train": digits(200, 1), "validation": digits(100, 2)}
    )
    for n in every:
        run.advance(mistaken(run.splits["test"].labels, n))
    return run


def browse(
    scenario: Scenario,
    run: ScriptedRun | None = None,
    size: tuple[int, int] = (80, 24),
    **terminal: Any,
) -> MnistApp:
    app = scripted_app(run or a_run(3), "digits", **terminal)
    play(app, scenario, size)
    return app


def screen(app: MnistApp) -> DigitsScreen:
    assert isinstance(app.screen, DigitsScreen)
    return app.screen


def place(app: MnistApp) -> str:
    """The titles of the panel: which digit it is, and what was selected."""
    if screen(app).showing_sheet:
        return str(app.screen.query_one("#sheet").border_title)
    panel = app.screen.query_one("#picture")
    return "  ".join(str(part) for part in (panel.border_title, panel.border_subtitle) if part)


def said(app: MnistApp) -> str:
    """The words of the headline, without its figures."""
    view = app.screen.query_one(HeadlineView)
    words = " ".join(view.render_line(y).text for y in range(view.size.height))
    return " ".join(words.replace("█", " ").split())


def text(app: MnistApp, selector: str) -> str:
    return str(app.screen.query_one(selector, Static).content)


def lines(app: MnistApp, widget: type[DigitView | ContactSheet | ProbabilityBars]) -> list[str]:
    shown = app.screen.query("#sheet ContactSheet" if widget is ContactSheet else widget).first(
        widget
    )
    return [shown.render_line(y).text for y in range(shown.size.height)]


def test_moving() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for keys, index in [
            ("right", 1), ("l", 1), ("right right left", 1), ("l l h", 1), ("left", 0),
            ("down", 10), ("j down", 20), ("j j k up", 0), ("pagedown", 100),
            ("pagedown pagedown pageup", 100), ("end", 299), ("end right", 299), ("end home", 0),
            ("n", 3), ("n n p", 3), ("n n N", 3), ("l p", 0),
        ]:  # fmt: skip
            app.bench.index = 0
            screen(app).draw()
            await pilot.press(*keys.split())
            assert app.bench.index == index, keys
            assert place(app) == f"Test {index}  {index + 1} of 300  by index"

    browse(scenario)


def test_what_is_said_of_a_digit() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert said(app) == "WRONG 30.0% for 1 loss 3.91 0: 10th choice predicted label"
        assert str(app.screen.query_one("#facts").border_title) == "Prediction, untrained"
        bars = lines(app, ProbabilityBars)
        assert bars[0].startswith("* 0 ")
        assert bars[0].endswith(" 2.0%")
        assert bars[1].startswith(" >1 █")
        assert "30.0%" in bars[1]
        assert set("".join(lines(app, DigitView))) >= set("@ ")
        await pilot.press("l")
        assert said(app) == "RIGHT 30.2% for 1 loss 1.2 predicted label"

    browse(scenario)


def test_to_an_index() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("g", "1", "2", "3", "enter")
        assert app.bench.index == 123
        assert not app.screen.query_one(Prompt).display
        await pilot.press("g", "7", "escape", "g", "enter")
        assert app.bench.index == 123
        await pilot.press("g", "9", "backspace", "8", "enter")
        assert app.bench.index == 8
        await pilot.press("g", "9", "9", "9", "9")
        assert str(app.screen.query_one(Prompt).content) == "Index, 0 to 299: 999_"
        await pilot.press("enter")
        assert app.bench.index == 299
        assert text(app, "#note") == "The last digit is 299"
        await pilot.press("slash", "g", "1", "0", "enter")
        assert app.bench.index == 9
        assert text(app, "#note") == "Digit 10 is no longer among these; 9 is the nearest"
        assert app.current_mode == "digits"

    browse(scenario)


def test_keys_that_come_in_a_burst_all_reach_the_prompt() -> None:
    """Digits right behind the key that opened the prompt were lost."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for key in ("g", "4", "2", "enter", "a", "2"):
            app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await until(pilot, lambda: app.bench.browser.query.label == 2)
        assert place(app) == "Test 42  5 of 30  label 2, by index"

    browse(scenario)


def test_the_prompt_goes_away_with_the_focus() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("g")
        app.screen.set_focus(None)
        await pilot.pause()
        assert not app.screen.query_one(Prompt).display

    browse(scenario)


def test_random_is_among_the_selected() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("slash")
        seen = set()
        for _ in range(12):
            await pilot.press("R")
            seen.add(app.bench.index)
        assert all(index % 3 == 0 for index in seen)
        assert len(seen) > 1

    browse(scenario)


def test_the_next_mistake_is_one_of_the_weights_that_are_shown() -> None:
    """Also while only the predictions of weights a moment ago are known."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = app.bench.shown
        assert isinstance(run, ScriptedRun)
        screen(app)._busy = True  # nothing more is predicted
        run.advance(mistaken(run.splits["test"].labels, 7))
        for key, index in [("n", 21), ("n", 42), ("p", 21)]:
            await pilot.press(key)
            assert app.bench.index == index

    browse(scenario)


def test_filters() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("g", "5", "0", "enter", "slash")
        assert place(app) == "Test 51  18 of 100  mistakes, by index"
        await pilot.press("n")
        assert app.bench.index == 54
        await pilot.press("a", "7")
        assert place(app) == "Test 57  2 of 10  mistakes, label 7, by index"
        await pilot.press("A", "8")
        assert place(app).endswith("mistakes, 7 taken for 8, by index")
        await pilot.press("A", "3")
        assert place(app) == "Test 57  none  mistakes, 7 taken for 3, by index"
        assert text(app, "#note") == "No such digit; escape shows all"
        await pilot.press("right", "n", "R", "end", "pagedown")
        assert app.bench.index == 57
        await pilot.press("a", "enter")
        assert app.bench.browser.query == Query("mistakes", predicted=3)
        await pilot.press("A", "enter", "slash")
        assert place(app) == "Test 41  28 of 200  correct, by index"
        await pilot.press("n")
        assert text(app, "#note") == "No mistake after this one"
        await pilot.press("p")
        assert text(app, "#note") == "No mistake before this one"
        await pilot.press("escape")
        assert place(app) == "Test 41  42 of 300  by index"
        assert text(app, "#note") == ""

    browse(scenario)


def test_orders_begin_with_the_most_telling_digit() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("slash", "o")
        assert place(app) == "Test 0  1 of 100  mistakes, by loss"
        await pilot.press("o")
        assert place(app) == "Test 297  1 of 100  mistakes, by confidence"
        await pilot.press("o")
        assert place(app) == "Test 0  1 of 100  mistakes, by doubt"
        await pilot.press("l", "o")
        assert place(app) == "Test 3  2 of 100  mistakes, by index"

    browse(scenario)


@pytest.mark.parametrize("key", ["tab"])
def test_splits(key: str) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        said = run.snapshots[0].predictor
        for split in ("train", "validation"):
            more = run.advance(run.splits[split].labels, split)
            said._said.update(more._said)  # type: ignore[attr-defined]
        run.snapshots = run.snapshots[:1]
        await pilot.press("end", key)
        await predicted(app, pilot)
        assert place(app) == "Train 199  200 of 200  by index"
        await pilot.press(key)
        assert place(app) == "Validation 99  100 of 100  by index"
        await pilot.press(key)
        await predicted(app, pilot)
        assert place(app) == "Test 99  100 of 300  by index"

    browse(scenario)


def test_a_split_that_the_run_does_not_have() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert app.bench.split == "test"
        assert place(app).startswith("Test 0")

    app = scripted_app(run := a_run(3), "digits")
    del run.splits["validation"]
    app.bench.split = "validation"
    play(app, scenario)


def test_the_index_is_one_of_the_images_shown() -> None:
    """A key may come when another split is chosen and not yet drawn."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        bench = app.bench
        bench.index = COUNT - 1
        bench.split = "validation"
        assert bench.images is not None
        assert bench.index == 99
        assert bench.browser.listing(bench.images).nearest(bench.index) == 99
        bench.split = "test"

    browse(scenario)


def test_drawing_modes() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for characters in ("▀", "⣿", "@"):
            await pilot.press("d")
            await pilot.pause()
            assert characters in "".join(lines(app, DigitView))
        await pilot.press("v")
        for characters in ("▀", "⣿", "@", "▀"):
            await pilot.pause()
            assert characters in "".join(lines(app, ContactSheet))
            await pilot.press("d")
        assert (app.bench.drawing.digit, app.bench.drawing.pictures) == ("ascii", "braille")

    browse(scenario)


def test_no_braille_where_the_font_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        monkeypatch.setattr(app.bench, "drawing", Drawing("braille", "braille", "braille"))
        screen(app).draw()
        for key, widget in (("l", DigitView), ("v", ContactSheet)):
            await pilot.press(key)
            for characters in ("▀", "@", "▀"):
                await pilot.pause()
                assert characters in "".join(lines(app, widget))
                assert not any("\u2800" <= c <= "\u28ff" for c in "".join(lines(app, widget)))
                await pilot.press("d")
        await pilot.press("1", "d")
        await pilot.pause()
        assert app.bench.drawing.thin_lines, "blocks are all that there is"
        assert [each.message for each in app._notifications] == [
            "This terminal has no braille, which thin lines are drawn with."
        ]

    browse(scenario, braille=False)


def test_ascii_only() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("d")
        assert "ASCII" in text(app, "#note")
        widgets = (DigitView, ProbabilityBars, Trajectory, ContactSheet)
        for key in ("l", "v"):
            await pilot.press(key)
            await pilot.pause()
            for widget in app.screen.query("*"):
                if isinstance(widget, widgets):
                    drawn = (widget.render_line(y).text for y in range(widget.size.height))
                    assert "".join(drawn).isascii()

    browse(scenario, ascii_only=True, colors="none")


def test_contact_sheet() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("v")
        await pilot.pause()
        sheet = app.screen.query_one("#sheet ContactSheet", ContactSheet)
        assert (sheet.columns, sheet.page_size) == (5, 10)
        captions = lines(app, ContactSheet)[7]
        assert captions.split("  ")[0] == ">!1, label 0"
        assert captions.split()[::3] == [">!1,", "1,", "2,", "!4,", "4,"]
        for key, index in [
            ("l", 1), ("j", 6), ("right", 7), ("up", 2), ("h", 1), ("pagedown", 11), ("k", 6),
            ("pageup", 0), ("end", 299), ("n", 299), ("p", 297), ("home", 0), ("n", 3),
        ]:  # fmt: skip
            await pilot.press(key)
            assert (app.bench.index, sheet.selected) == (index, index), key
        await pilot.press("slash", "l")
        assert (app.bench.index, sheet.selected) == (6, 2)
        await pilot.press("enter")
        assert not screen(app).showing_sheet
        assert app.bench.index == 6
        await pilot.press("v", "escape")
        assert not screen(app).showing_sheet
        assert app.bench.browser.query.outcome == "mistakes"
        await pilot.press("v")
        await pilot.click("#sheet ContactSheet", offset=(18, 2))
        assert (app.bench.index, screen(app).showing_sheet) == (3, False)
        await pilot.press("enter")  # nothing to open

    browse(scenario)


def test_the_sheet_without_predictions_has_labels_and_no_marks() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.bench.browser.predictions = None
        screen(app)._busy = True
        await pilot.press("n")
        assert text(app, "#note") == "What is a mistake is not known yet"
        await pilot.press("v")
        await pilot.pause()
        assert lines(app, ContactSheet)[7].split()[:6] == [">", "?,", "label", "0", "?,", "label"]

    browse(scenario)


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


def test_an_error_while_predicting_is_told() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        failing = run.advance(run.splits["test"].labels)

        def fail() -> Any:
            raise RuntimeError("out of order")

        failing.snapshot = fail  # type: ignore[method-assign]
        screen(app).show_snapshot()
        await until(pilot, lambda: app.bench.error is not None)
        assert str(app.bench.error) == "out of order"
        assert app.is_running

    browse(scenario)


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
        while app.bench.error is None:
            await pilot.pause(0.01)
        for _ in range(3):
            screen(app).refresh_now()
            await pilot.pause(0.02)
        assert len(failures) == 1
        newest = run.advance(labels)
        screen(app).refresh_now()
        await predicted(app, pilot)
        assert len(labels) in newest.asked

    browse(scenario)


def test_sizes() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for key in ("slash", "v"):
            await pilot.press(key)
            for width, height in [(40, 15), (60, 30), (40, 45), (120, 40), (200, 50), (20, 6)]:
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                short = "Test 0  1/100  wrong index"
                expected = short if width < 80 else "Test 0  1 of 100  mistakes, by index"
                assert place(app) == expected, (width, height)

    browse(scenario)


def test_the_largest_layout_has_the_digits_around() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("slash", "l")
        around = app.screen.query_one("#around", ContactSheet)
        assert "".join(around.render_line(7).text.split()).startswith(
            "!1,label0>!4,label3!7,label6"
        )
        await pilot.click("#around", offset=(36, 2))
        assert app.bench.index == 6

    browse(scenario, size=(200, 50))


def test_the_small_layout_keeps_digit_bars_and_trajectory() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        def on_the_line() -> str:
            over, _ = app.screen.get_widget_at(0, app.size.height - 2)
            return over.id or type(over).__name__

        trail = app.screen.query_one("#trail", Trajectory)
        assert trail.render_line(0).text.startswith("epoch 0-1: 11 ")
        assert said(app) == "1, label 0 !"
        assert app.screen.query_one(ProbabilityBars).size.height == 10
        assert app.screen.query_one(DigitView).size.height >= 11
        for keys, shown in [
            ("l", "trail"), ("slash slash n", "note"), ("a", "Prompt"),
            ("escape", "note"), ("l", "trail"),
        ]:  # fmt: skip
            await pilot.press(*keys.split())
            await pilot.pause()
            assert on_the_line() == shown, keys
            assert trail.region.bottom == app.size.height - 1

    browse(scenario, a_run(3, 2), size=(40, 15))


def test_every_key_can_be_remapped() -> None:
    async def scenario(app: MnistApp, _pilot: Pilot[ExitCode]) -> None:
        bindings = [b.binding for b in app.screen.active_bindings.values() if b.node is app.screen]
        own = [b for b in bindings if (b.id or "").startswith(("digits.", "browse."))]
        assert len({b.id for b in own}) == 24
        assert all(b.description for b in own)
        assert sum(b.show for b in own) <= 6

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
        assert "loss nan" in said(app)

    browse(scenario)
