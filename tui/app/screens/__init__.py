"""The screens of the application, one a mode, and the dialogs over them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tui.app.screens.base import ModeScreen


class Mode(NamedTuple):
    """A screen; `screen` is "module:Class".

    A mode without a key is opened from another one, `within`, as which the header names it. The
    header says `short` where the title has no room.
    """

    key: str
    title: str
    screen: str
    within: str = ""
    short: str = ""

    def load(self) -> type[ModeScreen]:
        """Import the class, only when the screen is first shown: the first frame is sooner."""
        module, name = self.screen.split(":")
        screen: type[ModeScreen] = getattr(importlib.import_module(module), name)
        return screen


MODES = {
    "train": Mode("1", "Train", "tui.app.screens.train:TrainScreen"),
    "digits": Mode("2", "Digits", "tui.app.screens.digits:DigitsScreen"),
    "confusion": Mode("3", "Confusion", "tui.app.screens.confusion:ConfusionScreen", short="Conf"),
    "model": Mode("4", "Model", "tui.app.screens.model:ModelScreen"),
    "draw": Mode("5", "Draw", "tui.app.screens.draw:DrawScreen"),
    "runs": Mode("6", "Runs", "tui.app.screens.runs:RunsScreen"),
    "sweep": Mode("7", "Sweep", "tui.app.screens.sweep:SweepScreen"),
    "lessons": Mode("8", "Lessons", "tui.app.screens.lessons:LessonsScreen", short="Learn"),
    "walk": Mode("9", "Walk", "tui.app.screens.walk:WalkScreen"),
    "compare": Mode("", "Compare", "tui.app.screens.compare:CompareScreen", within="runs"),
}
"""Every mode by its name, in the order of the keys."""
