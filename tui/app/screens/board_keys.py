"""The keys that draw on a board."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.app.screens.base import ModeScreen
from tui.app.state.board import Board
from tui.app.state.workbench import Workbench
from tui.system.terminal import Terminal


class BoardScreen(ModeScreen):
    """Changes its board, which a subclass draws in `show`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pen", "Pen", id="draw.pen"),
        Binding("x", "eraser", "Eraser", id="draw.eraser"),
        Binding("b", "undo", "Undo", id="draw.undo"),
        Binding("c", "clear", "Clear", id="draw.clear"),
        Binding(
            "plus,equals_sign",
            "brush(1)",
            "Brush",
            key_display="+",
            id="draw.brush",
        ),
        Binding(
            "minus",
            "brush(-1)",
            "Smaller brush",
            key_display="-",
            show=False,
            id="draw.smaller-brush",
        ),
        Binding("full_stop", "dot", "Draw a dot", key_display=".", show=False, id="draw.dot"),
        Binding("escape", "lift", "Lift the pen", show=False, id="draw.lift"),
        Binding("left,h", "move(-1, 0)", "Left", show=False, id="draw.left"),
        Binding("down,j", "move(0, 1)", "Down", show=False, id="draw.down"),
        Binding("up,k", "move(0, -1)", "Up", show=False, id="draw.up"),
        Binding("right,l", "move(1, 0)", "Right", show=False, id="draw.right"),
        Binding("shift+left,H", "shift(-1, 0)", "Shift left", show=False, id="draw.shift-left"),
        Binding("shift+down,J", "shift(0, 1)", "Shift down", show=False, id="draw.shift-down"),
        Binding("shift+up,K", "shift(0, -1)", "Shift up", show=False, id="draw.shift-up"),
        Binding("shift+right,L", "shift(1, 0)", "Shift right", show=False, id="draw.shift-right"),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.board = Board()

    def show(self) -> None:
        """Draw the board, and what depends on it."""
        raise NotImplementedError

    def action_pen(self) -> None:
        """Put the pen down, or lift it."""
        self.board.toggle_pen()
        self.show()

    def action_lift(self) -> None:
        """Lift the pen."""
        self.board.down = False
        self.show()

    def action_dot(self) -> None:
        """Draw, or erase, under the brush."""
        self.board.dot()
        self.show()

    def action_eraser(self) -> None:
        """Take the eraser for the brush, or the brush again."""
        self.board.toggle_eraser()
        self.show()

    def action_brush(self, step: int) -> None:
        """Take a larger (1) or a smaller (-1) brush."""
        self.board.change_brush(step)
        self.show()

    def action_move(self, right: int, below: int) -> None:
        """Move the cursor, drawing where the pen is down."""
        self.board.move(right, below)
        self.show()

    def action_shift(self, right: int, below: int) -> None:
        """Move the picture."""
        self.board.shift(right, below)
        self.show()

    def action_clear(self) -> None:
        """Take everything off the board."""
        self.board.clear()
        self.show()

    def action_undo(self) -> None:
        """Take back the last change."""
        self.board.undo()
        self.show()
