"""The application on the digits screen, and what it shows."""

from __future__ import annotations

from typing import Any

from tests.support.scripted import Scenario, ScriptedRun, digits, mistaken, play, scripted_app
from tui.app.app import MnistApp
from tui.app.screens.digits import DigitsScreen
from tui.app.widgets.digit import ContactSheet, DigitView
from tui.app.widgets.probabilities import ProbabilityBars

COUNT = 300


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


def lines(app: MnistApp, widget: type[DigitView | ContactSheet | ProbabilityBars]) -> list[str]:
    shown = app.screen.query("#sheet ContactSheet" if widget is ContactSheet else widget).first(
        widget
    )
    return [shown.render_line(y).text for y in range(shown.size.height)]
