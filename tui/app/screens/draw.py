"""The draw screen: a board to draw a digit on, and what the network makes of every stroke."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from nn.errors import DataError
from nn.spec import MNIST, DataSpec
from tui.app.screens.base import ModeScreen
from tui.app.state.board import Board
from tui.app.state.workbench import Workbench
from tui.app.widgets.canvas import Canvas
from tui.app.widgets.digit import DigitView
from tui.app.widgets.probabilities import ProbabilityBars
from tui.images.field import Pixels
from tui.images.reading import Form, field_of_board
from tui.system.terminal import Terminal

INVITATION = "Draw a digit: space puts the pen down, arrows move it."


class DrawScreen(ModeScreen):
    """Board, preprocessed image and probabilities."""

    SHOWS_NETWORK = True
    DEFAULT_CSS = """
    DrawScreen {
        #desk { height: 1fr; }
        Canvas { width: 30; height: 16; border: round $primary; }
        #preview { width: 30; height: 16; border: round $primary; display: none; }
        #side { width: 1fr; max-width: 60; padding: 0 1; }
        #guess { height: 2; text-style: bold; }
        #state { height: auto; margin-top: 1; color: $text-muted; }
        &.-toggled #preview, &.-wide #preview, &.-huge #preview { display: block; }
        &.-wide.-toggled #preview, &.-huge.-toggled #preview { display: none; }
        &.-ascii {
            Canvas, #preview { border: ascii $primary; }
        }
        &.-narrow, &.-short {
            Canvas, #preview { width: 28; height: 14; border: none; }
            #side { padding: 0; }
            #guess { height: 1; }
            #state { margin-top: 0; }
        }
        &.-narrow.-toggled Canvas { display: none; }
        &.-wide.-tall Canvas { width: 58; height: 30; }
        &.-huge.-tall { Canvas, #preview { width: 58; height: 30; } }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "pen", "Pen", id="draw.pen"),
        Binding("x", "eraser", "Eraser", id="draw.eraser"),
        Binding("u", "undo", "Undo", id="draw.undo"),
        Binding("c", "clear", "Clear", id="draw.clear"),
        Binding("g", "load", "Load digit", id="draw.load"),
        Binding("i", "preview", "As MNIST", id="draw.preview"),
        Binding(
            "plus,equals_sign",
            "brush(1)",
            "Larger brush",
            key_display="+",
            show=False,
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
        self.set_class(terminal.ascii_only, "-ascii")

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="desk"):
            yield Canvas(self.terminal)
            yield DigitView(self.terminal, mode="half", id="preview")
            with Vertical(id="side"):
                yield Static(id="guess", markup=False)
                yield ProbabilityBars(self.terminal)
                yield Static(id="state", markup=False)

    def on_mount(self) -> None:
        self.query_one("#preview").border_title = "as MNIST"

    def show_snapshot(self) -> None:
        self._predict()
        self._show_state()

    def show_configuration(self) -> None:
        self._predict()

    def on_resize(self, _event: events.Resize) -> None:
        """The texts depend on the room."""
        self.call_after_refresh(self._show)

    def action_pen(self) -> None:
        """Put the pen down, or lift it."""
        self.board.toggle_pen()
        self._show()

    def action_lift(self) -> None:
        """Lift the pen."""
        self.board.down = False
        self._show()

    def action_dot(self) -> None:
        """Draw, or erase, under the brush."""
        self.board.dot()
        self._show()

    def action_eraser(self) -> None:
        """Take the eraser for the brush, or the brush again."""
        self.board.toggle_eraser()
        self._show()

    def action_brush(self, step: int) -> None:
        """Take a larger (1) or a smaller (-1) brush."""
        self.board.change_brush(step)
        self._show()

    def action_move(self, right: int, below: int) -> None:
        """Move the cursor, drawing where the pen is down."""
        self.board.move(right, below)
        self._show()

    def action_shift(self, right: int, below: int) -> None:
        """Move the picture."""
        self.board.shift(right, below)
        self._show()

    def action_clear(self) -> None:
        """Take everything off the board."""
        self.board.clear()
        self._show()

    def action_undo(self) -> None:
        """Take back the last change."""
        self.board.undo()
        self._show()

    def action_load(self) -> None:
        """Copy the digit that the digit browser stands on."""
        images = self.bench.images
        if images is not None:
            self._fit_board()
            self.board.load(images.images[self.bench.index])
            self._show()

    def action_preview(self) -> None:
        """Show or hide the picture as the network gets it."""
        self.toggle_class("-toggled")

    def on_canvas_stroke(self, stroke: Canvas.Stroke) -> None:
        """Draw with the mouse."""
        if not stroke.continued:
            self.board.place(stroke.row, stroke.column)
        self.board.line(
            stroke.row,
            stroke.column,
            tool="eraser" if stroke.erase else self.board.tool,
            continued=stroke.continued,
        )
        self._show()

    def _show(self) -> None:
        board = self.board
        self.query_one(Canvas).show(board.pixels, (board.row, board.column))
        self._predict()
        self._show_state()

    @property
    def _as_mnist(self) -> bool:
        return self.board.shape == MNIST.shape

    @property
    def _spec(self) -> DataSpec:
        """The kind of images that the network takes, or those that are loaded."""
        if (snapshot := self.bench.snapshot) is not None:
            return snapshot.predictor.spec
        images = self.bench.images
        return MNIST if images is None else images.spec

    def _fit_board(self) -> None:
        """Take a board of another size where the network takes images of another size."""
        spec = self._spec
        if spec.shape == self.board.shape:
            return
        self.board = Board(spec.shape)
        rows, columns = self.board.pixels.shape
        canvas, larger = self.query_one(Canvas), spec.shape != MNIST.shape
        canvas.set_class(larger, "-other")
        canvas.styles.width = columns + 2 if larger else None
        canvas.styles.height = (rows + 1) // 2 + 2 if larger else None
        title = f"{spec.size} pixels" if larger else "as MNIST"
        self.query_one("#preview").border_title = title
        self.query_one(Canvas).show(self.board.pixels, (self.board.row, self.board.column))

    def _predict(self) -> None:
        """Bring the picture into MNIST's form and show what the newest weights predict."""
        self._fit_board()
        field, snapshot = self._field(), self.bench.snapshot
        preview = field
        if field is not None and snapshot is not None:
            preview = snapshot.predictor.preprocessor.fed(field[None])[0]
        preview = None if preview is None else preview.reshape(self.board.shape)
        self.query_one("#preview", DigitView).set_image(preview)
        probabilities: list[float] = []
        if field is not None and snapshot is not None:
            with np.errstate(all="ignore"):  # of weights that diverged
                probabilities = snapshot.predictor.probabilities(field[None])[0].tolist()
        self.query_one(ProbabilityBars).set_probabilities(probabilities, spec=self._spec)
        self.put("#guess", self._guess(probabilities))

    def _field(self) -> Pixels | None:
        try:
            snapshot = self.bench.snapshot
            if snapshot is None:
                return field_of_board(self.board.image, Form(self.board.shape, self._as_mnist))
            predictor = snapshot.predictor
            return field_of_board(self.board.image, Form.of(predictor.spec, predictor.preprocessor))
        except DataError:  # blank, or full of ink
            return None

    def _guess(self, probabilities: list[float]) -> str:
        narrow = self.has_class("-narrow")
        if not probabilities:
            if self.bench.snapshot is None:
                return "no network" if narrow else self.waiting()
            return "draw a digit" if narrow else INVITATION
        best = max(probabilities)
        if best != best:
            return "no answer" if narrow else "The network has diverged: no answer."
        digit = probabilities.index(best)
        name = self._spec.names[digit]
        if self._spec.has_names:
            return f"{name}  {best:.1%}" if narrow else f"It is: {name}, {best:.1%}"
        return f"{name}  {best:.1%}" if narrow else f"It is a {name}, {best:.1%}"

    def _show_state(self) -> None:
        board, snapshot = self.board, self.bench.snapshot
        narrow = self.has_class("-narrow")
        pen = "pen up" if not board.down else ("drawing" if board.tool == "brush" else "erasing")
        if snapshot is None:
            network = ""
        elif snapshot.untrained:
            network = "untrained" if narrow else "The network is untrained: it only guesses."
        else:
            name = snapshot.name
            network = name if narrow else f"After {name}" if snapshot.step else name.capitalize()
        if narrow:
            tool = "" if board.tool == "brush" or board.down else " e"
            text = f"{pen} {board.brush}px{tool}\n{network}"
        else:
            text = (
                f"{pen}, {board.tool} {board.brush}x{board.brush}\n"
                f"row {board.row + 1}, column {board.column + 1}\n\n{network}"
            )
        self.put("#state", text)
