"""The digits screen: moving, filters, orders and splits, over predictions that are written down."""

from __future__ import annotations

from typing import cast

import pytest
from textual import events
from textual.pilot import Pilot

from tests.support.digits_screen import COUNT, a_run, browse, lines, place, screen
from tests.support.messages import said, text
from tests.support.quiescence import until
from tests.support.scripted import ScriptedRun, mistaken, play, predicted, scripted_app
from tui.app.app import MnistApp
from tui.app.state.browser import Query
from tui.app.widgets.digit import DigitView
from tui.app.widgets.probabilities import ProbabilityBars
from tui.app.widgets.prompt import Prompt
from tui.system.exits import ExitCode

pytestmark = pytest.mark.usefixtures("predicted_at_once")


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


def test_every_key_can_be_remapped() -> None:
    async def scenario(app: MnistApp, _pilot: Pilot[ExitCode]) -> None:
        bindings = [b.binding for b in app.screen.active_bindings.values() if b.node is app.screen]
        own = [b for b in bindings if (b.id or "").startswith(("digits.", "browse."))]
        assert len({b.id for b in own}) == 24
        assert all(b.description for b in own)
        assert sum(b.show for b in own) <= 6

    browse(scenario)
