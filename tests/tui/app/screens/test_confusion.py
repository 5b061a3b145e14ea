"""The confusion screen, key by key, and the way from a cell to its digits and back."""

from __future__ import annotations

from typing import cast

import pytest
from textual.pilot import Pilot

from tests.support.messages import text
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
from tui.app.screens import confusion, predicting
from tui.app.screens.confusion import ConfusionScreen
from tui.app.screens.digits import DigitsScreen
from tui.app.state.browser import Query
from tui.app.widgets.confusion import ConfusionMatrix
from tui.app.widgets.digit_sheet import CellSheet
from tui.app.widgets.hints import KeyHints
from tui.system.exits import ExitCode


@pytest.fixture(autouse=True)
def no_pacing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(predicting, "PACE", 0.0)
    monkeypatch.setattr(predicting, "SHARE", 1e6)


def a_run() -> ScriptedRun:
    """300 digits: 7 for 1 four times, 2 for 3 twice, the rest right."""
    run = ScriptedRun({"test": digits(300), "train": digits(200, 1)})
    said = run.splits["test"].labels.copy()
    said[[17, 27, 37, 47]] = 1
    said[[2, 12]] = 3
    run.advance(said)
    return run


def look(scenario: Scenario, size: tuple[int, int] = (80, 24), colors: str = "full") -> MnistApp:
    app = scripted_app(a_run(), "confusion", colors=colors)  # type: ignore[arg-type]
    play(app, scenario, size)
    return app


def matrix(app: MnistApp) -> ConfusionMatrix:
    return app.screen.query_one(ConfusionMatrix)


def lines(app: MnistApp) -> list[str]:
    return [matrix(app).render_line(y).text.rstrip() for y in range(matrix(app).size.height)]


def title(app: MnistApp, selector: str = "#matrix") -> str:
    return str(app.screen.query_one(selector).border_title)


def test_counts_and_ratios() -> None:
    async def scenario(app: MnistApp, _pilot: Pilot[ExitCode]) -> None:
        drawn = lines(app)
        assert drawn[1].split() == [*"0123456789", "prec", "recall", "F1"]
        rows = {row.split()[1]: row.split()[2:] for row in drawn[2:12]}
        assert rows["7"] == [".", "#4", *".....", "26", *"..", "100.0%", "86.7%", "92.9%"]
        assert rows["2"][2:4] == ["28", "*2"]
        assert rows["1"][-3:] == ["88.2%", "100.0%", "93.8%"]
        assert title(app) == "Test, 300 digits: accuracy 98.00%, untrained"

    look(scenario)


def test_what_is_undefined_is_a_dash() -> None:
    run = ScriptedRun({"test": digits(300), "train": digits(200, 1)})
    run.advance(run.splits["test"].labels * 0 + 9)  # precision is 0 / 0 but for 9

    async def scenario(app: MnistApp, _pilot: Pilot[ExitCode]) -> None:
        rows = [row.split()[-3:] for row in lines(app)[2:12]]
        assert rows == 9 * [["-", "0.0%", "0.0%"]] + [["10.0%", "100.0%", "18.2%"]]

    play(scripted_app(run, "confusion"), scenario, (80, 24))


def test_moving() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for keys, cell in [
            ("left up", (0, 0)), ("right down", (1, 1)), ("l l j", (2, 3)), ("k h", (1, 2)),
            ("n", (7, 1)), ("n", (2, 3)), ("n", (7, 1)), ("p", (2, 3)), ("N", (7, 1)),
            ("l " * 12 + "j " * 12, (9, 9)),
        ]:  # fmt: skip
            await pilot.press(*keys.split())
            assert matrix(app).cursor == cell, keys
        assert lines(app)[11].split()[2:12][9] == ">30"
        assert text(app, "#cell").splitlines() == [
            "9 recognized: 30 of 30, 100.00%",
            "9: precision 100.00% recall 100.00% F1 100.00%",
        ]
        await pilot.press("n")
        assert text(app, "#cell").startswith("7 taken for 1: 4 of 30, 13.33%\n")

    look(scenario)


def test_a_cell_opens_its_digits_and_escape_returns() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.bench.browser.query = before = Query("correct", order="loss")
        await pilot.press("n")
        await pilot.pause()
        examples = app.screen.query_one(CellSheet)
        drawn = [examples.render_line(y).text for y in range(examples.size.height)]
        assert sum(line.strip() != "" for line in drawn) > 2
        assert title(app, "#examples") == "7 taken for 1: 4 of 30, 13.33%"
        await pilot.press("enter")
        await predicted(app, pilot)
        assert isinstance(app.screen, DigitsScreen)
        assert app.screen.query_one(KeyHints).shown[0][0].id == "digits.back"
        assert title(app, "#picture") == "Test 17  1 of 4"
        assert app.screen.query_one("#picture").border_subtitle == "7 taken for 1, by loss"
        assert text(app, "#note") == ""
        seen = []
        for _ in range(4):
            seen.append(app.bench.index)
            await pilot.press("right")
        assert seen == [17, 27, 37, 47]
        await pilot.press("v", "escape")
        await pilot.pause()
        assert app.screen.has_class("-sheet") is False
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, ConfusionScreen)
        assert matrix(app).cursor == (7, 1)
        assert app.bench.browser.query == before

    look(scenario)


def test_a_click_on_an_example_opens_it() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("n")
        await pilot.pause()
        await pilot.click(CellSheet, offset=(16, 2))
        await predicted(app, pilot)
        assert isinstance(app.screen, DigitsScreen)
        assert app.bench.index == 27

    look(scenario)


@pytest.mark.parametrize(
    ("still", "opened", "note"),
    [
        ([27, 37], 27, ""),
        ([37, 47], 37, "Digit 27 is no longer among these; 37 is the nearest"),
        ([], 27, "No such digit; escape shows all"),
    ],
)
def test_an_example_that_was_drawn_a_moment_ago_opens_that_digit(
    monkeypatch: pytest.MonkeyPatch, still: list[int], opened: int, note: str
) -> None:
    """It once opened what newer weights had at its place, or ended the application."""
    monkeypatch.setattr(confusion, "SHEET_PACE", 1e6)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        await pilot.press("n")
        await pilot.pause()
        said = run.splits["test"].labels.copy()
        said[still] = 1
        run.advance(said)
        cast(ConfusionScreen, app.screen).show_snapshot()
        await predicted(app, pilot)
        assert matrix(app).cursor == (7, 1)
        await pilot.click(CellSheet, offset=(16, 2))
        await predicted(app, pilot)
        assert isinstance(app.screen, DigitsScreen)
        assert app.bench.index == opened
        assert text(app, "#note") == note

    look(scenario)


def test_an_empty_cell_does_not_open() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("right", "enter")
        assert text(app, "#cell").startswith("0 taken for 1: 0 of 30, 0.00%")
        assert isinstance(app.screen, ConfusionScreen)

    look(scenario)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 15)])
def test_mouse(size: tuple[int, int]) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        y = next(i for i, line in enumerate(lines(app)) if "26" in line)
        x = lines(app)[y].index("4")
        await pilot.click(ConfusionMatrix, offset=(x, y))
        assert matrix(app).cursor == (7, 1)
        assert text(app, "#cell").startswith("7 taken for 1")
        await pilot.click(ConfusionMatrix, offset=(x, 0))
        assert matrix(app).cursor == (7, 1)
        await pilot.click(ConfusionMatrix, offset=(x, y))
        await pilot.pause()
        assert isinstance(app.screen, DigitsScreen)
        assert app.bench.index == 17

    look(scenario, size)


def test_it_follows_the_training_or_stays() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        screen = cast(ConfusionScreen, app.screen)
        labels = run.splits["test"].labels
        run.advance(mistaken(labels, 2))
        screen.draw()  # before the newer weights have predicted anything
        assert title(app) == "Test, 300 digits: accuracy 98.00%, untrained"
        screen.show_snapshot()
        await predicted(app, pilot)
        assert "accuracy 50.00%, epoch 1" in title(app)
        await pilot.press("F")
        run.advance(labels)
        screen.show_snapshot()
        await predicted(app, pilot)
        assert "accuracy 50.00%" in title(app)
        assert title(app).endswith(", frozen at epoch 1")

    look(scenario)


def test_splits() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        run = cast(ScriptedRun, app.bench.run)
        screen = cast(ConfusionScreen, app.screen)
        screen._busy = True
        await pilot.press("tab")
        assert title(app) == "Predicting ..."
        assert "".join(lines(app)) == ""
        await pilot.press("enter", "n", "down")  # nothing to open, nor to go to
        screen._busy = False
        run.advance(run.splits["train"].labels, "train")
        screen.show_snapshot()
        await predicted(app, pilot)
        assert title(app).startswith("Train, 200 digits: accuracy 100.00%")
        await pilot.press("n")
        assert matrix(app).cursor == (1, 0)

    look(scenario)


def test_without_a_network_the_reason_stands_there() -> None:
    """It once read "Predicting ..." for ever, though the digits alone were there."""
    run = ScriptedRun({"test": digits(30)})

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert title(app) == "Preparing the run ..."

    play(scripted_app(run, "confusion"), scenario)


def test_before_there_are_data() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press(*"hjklnp", "tab", "enter", "F")
        assert title(app) == "Preparing the run ..."

    play(scripted_app(None, "confusion"), scenario)


def test_small_and_large() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("n")
        assert [line.split()[0] for line in lines(app)] == [*"00123456789"]
        assert lines(app)[8].split() == ["7", ".", ">4", *".....", "26", ".", "."]
        assert title(app).startswith("Test: accuracy 98.00%")
        assert text(app, "#cell").splitlines()[1] == "7: prec 100.00% rec 86.67% F1 92.86%"
        for width, height in [(60, 30), (120, 40), (200, 50), (20, 6), (80, 24)]:
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert all(len(line) <= width for line in lines(app))

    look(scenario, (40, 15))


def test_where_not_all_rows_fit_that_of_the_cursor_is_seen() -> None:
    """As at the least size below the name of a saved run, which takes two lines."""

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        app.screen.query_one(ConfusionMatrix).styles.height = 8
        await pilot.pause()
        assert [line[0] for line in lines(app)[-2:]] != ["8", "9"]
        await pilot.press(*["down"] * 9)
        assert [line[0] for line in lines(app)[-2:]] == ["8", "9"]

    look(scenario, (40, 15))


@pytest.mark.parametrize("colors", ["16", "none"])
def test_without_shades_the_marks_stay(colors: str) -> None:
    async def scenario(app: MnistApp, _pilot: Pilot[ExitCode]) -> None:
        row = matrix(app).render_line(2 + 7)
        assert "#4" in row.text
        plain = app.screen.rich_style.bgcolor
        cursor = matrix(app).render_line(2)
        backgrounds = {s.style.bgcolor for s in row if s.style}
        assert backgrounds == {plain}
        assert any(s.style and s.style.reverse and ">30" in s.text for s in cursor)

    look(scenario, colors=colors)
