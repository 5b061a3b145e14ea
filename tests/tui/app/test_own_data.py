"""Every screen on images of another size and on classes with names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from nn.config import TrainConfig
from tests.support.bands import bands
from tests.support.scenarios import an_epoch, play, until
from tui.app.app import MnistApp
from tui.app.screens import MODES
from tui.app.widgets.headline import HeadlineView
from tui.app.widgets.strips import StripWidget
from tui.system.exits import ExitCode

FRUIT = ("apple", "plum", "quince")
KINDS = {
    "three of 12x20": (bands(60), FRUIT),
    "thirty of 30x30": (bands(300, 30, (30, 30)), tuple(f"kind {i}" for i in range(30))),
    "two of 3x100": (bands(40, 2, (100, 3)), ("upper", "lower")),
    "a hundred of 2x200": (bands(1000, 100, (200, 2)), tuple(f"n{i}" for i in range(100))),
}


def shown(app: MnistApp) -> str:
    """All text of the screen."""
    texts = [str(static.content) for static in app.screen.query(Static) if static.display]
    for panel in app.screen.query(".panel"):
        if panel.display:
            texts += [str(panel.border_title), str(panel.border_subtitle)]
    for widget in app.screen.query(StripWidget):
        if widget.display:
            texts += [widget.render_line(y).text for y in range(widget.size.height)]
    return "\n".join(texts)


@pytest.mark.parametrize(
    "kind",
    [
        "a hundred of 2x200",
        *(pytest.param(kind, marks=pytest.mark.slow) for kind in list(KINDS)[:-1]),
    ],
)
def test_all_screens_show_them(tmp_path: Path, kind: str) -> None:
    (images, labels), names = KINDS[kind]
    np.savez(tmp_path / "own.npz", x=images, y=labels)
    (tmp_path / "labels.txt").write_text("\n".join(names))
    config = TrainConfig(data_dir=str(tmp_path / "own.npz"), hidden=(8,), batch_size=10, epochs=1)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        for mode, expected in (
            ("digits", "P("),
            ("confusion", "recognized"),
            ("model", "output"),
            ("draw", ""),
            ("walk", "* target"),
        ):
            assert mode in MODES
            app.switch_mode(mode)
            await until(pilot, lambda expected=expected: expected in shown(app))
            assert app._exception is None
            if mode in ("digits", "confusion", "walk"):
                assert any(name[:3] in shown(app) for name in names)
        app.switch_mode("draw")
        await until(pilot, lambda: app.screen.query_one(HeadlineView).is_attached)
        await pilot.press("g")
        await until(pilot, lambda: "It is: " in shown(app))
        guess = app.screen.query_one(HeadlineView).render_line(0).text
        assert guess.partition("It is: ")[2].rpartition(",")[0] in names
        app.switch_mode("digits")
        await pilot.press("v")
        await until(pilot, lambda: any(name[:3] in shown(app) for name in names))
        await pilot.press("a", "1")
        if app.bench.images is not None and app.bench.images.spec.classes > 10:
            await pilot.press("enter")  # a number of one digit is the answer by itself
        await until(pilot, lambda: f"label 1 ({names[1]})" in shown(app))

    play(scenario, tmp_path / "runs", config)
