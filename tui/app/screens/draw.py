"""The draw screen: a board to draw a digit on, and what the network makes of every stroke."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Static

from nn.errors import DataError
from nn.spec import MNIST, DataSpec
from tui.app.screens import draw_words
from tui.app.screens.base import ModeScreen
from tui.app.state.board import Board
from tui.app.state.workbench import Workbench
from tui.app.widgets.activation_view import ActivationView
from tui.app.widgets.canvas import Canvas
from tui.app.widgets.digit import DigitView
from tui.app.widgets.headline import HeadlineView
from tui.app.widgets.loss_words import OUTPUTS
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
        #desk {
            height: 1fr;
            layout: grid; grid-size: 3 2; grid-columns: auto auto 1fr; grid-rows: 16 1fr;
        }
        #board, #fed { width: auto; height: 100%; padding: 0; }
        Canvas, #preview { width: 28; height: 14; }
        #bars { height: 100%; }
        #guess { column-span: 3; height: 100%; }
        #state { height: 1fr; margin-top: 1; color: $text-muted; }
        #activity { display: none; }
        &.-wide.-tall {
            #desk { grid-size: 2 3; grid-columns: auto 1fr; grid-rows: 20 10 1fr; }
            Canvas { width: 56; height: 28; }
            #board { row-span: 2; }
            #fed { width: 100%; }
            #preview { width: 100%; height: 100%; }
            #bars { row-span: 2; }
            #guess { column-span: 1; }
        }
        &.-huge.-tall {
            #desk { grid-size: 3 2; grid-columns: auto auto 1fr; grid-rows: 30 1fr; }
            Canvas, #preview { width: 56; height: 28; }
            #guess { column-span: 1; }
            #activity { display: block; column-span: 2; height: 100%; }
        }
        &.-narrow, &.-short {
            #desk { grid-size: 2 2; grid-columns: auto 1fr; grid-rows: 1fr 1; }
            Canvas { height: 100%; }
            #board { row-span: 2; }
            #fed { display: none; row-span: 2; }
            #guess { column-span: 1; }
            #state { margin: 0; }
            &.-toggled { #board { display: none; } #fed { display: block; } }
        }
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

    def compose_body(self) -> ComposeResult:
        with Container(id="desk"):
            with Container(id="board", classes="panel -bare"):
                yield Canvas(self.terminal)
            with Container(id="fed", classes="panel -bare"):
                yield DigitView(self.terminal, mode="half", id="preview")
            with Vertical(id="bars", classes="panel -bare"):
                yield ProbabilityBars(self.terminal)
                yield Static(id="state", markup=False)
            with Container(id="guess", classes="panel -open -bare"):
                yield HeadlineView(self.terminal)
            with Container(id="activity", classes="panel -bare"):
                yield ActivationView(self.terminal)

    def on_mount(self) -> None:
        titles = {"board": "board", "guess": "guess"}
        for name, title in {**titles, "activity": "what its units pass on"}.items():
            self.query_one(f"#{name}").border_title = title
        self._name_fed()

    def show_snapshot(self) -> None:
        self._predict()
        self._show_state()

    def show_configuration(self) -> None:
        self._predict()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything: where there is room, what the network gets always shows."""
        return action != "preview" or self.has_class("-narrow") or self.has_class("-short")

    def on_resize(self, _event: events.Resize) -> None:
        """The texts and the keys depend on the room."""
        self.call_after_refresh(self.refresh_bindings)
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
        columns = self.board.pixels.shape[1]
        canvas, larger = self.query_one(Canvas), spec.shape != MNIST.shape
        canvas.set_class(larger, "-other")
        canvas.styles.width = columns if larger else None
        self._name_fed()
        self.query_one(Canvas).show(self.board.pixels, (self.board.row, self.board.column))

    def _name_fed(self) -> None:
        panel = self.query_one("#fed")
        panel.border_title = "as MNIST" if self._as_mnist else f"{self._spec.size} pixels"

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
        note = "" if self.bench.shown is None else OUTPUTS[self.bench.shown.config.loss]
        self.query_one("#bars").border_title = note or "probabilities"
        self.query_one(ProbabilityBars).set_probabilities(probabilities, spec=self._spec)
        said = draw_words.guess(
            probabilities, self._spec, self._invitation(), narrow=self.has_class("-narrow")
        )
        self.query_one(HeadlineView).show(said)
        if self.query_one("#activity").display:
            layers = []
            if field is not None and snapshot is not None:
                layers = draw_words.activity(snapshot.predictor, field)
            self.query_one(ActivationView).show(layers, len(layers), shaded=True)

    def _field(self) -> Pixels | None:
        try:
            snapshot = self.bench.snapshot
            if snapshot is None:
                return field_of_board(self.board.image, Form(self.board.shape, self._as_mnist))
            predictor = snapshot.predictor
            return field_of_board(self.board.image, Form.of(predictor.spec, predictor.preprocessor))
        except DataError:  # blank, or full of ink
            return None

    def _invitation(self) -> str:
        """What there is to do, or the reason why there is no network."""
        narrow = self.has_class("-narrow")
        if self.bench.snapshot is None:
            return "no network" if narrow else self.waiting()
        return "draw a digit" if narrow else INVITATION

    def _show_state(self) -> None:
        narrow = self.has_class("-narrow")
        self.put("#state", draw_words.state(self.board, self.bench.snapshot, narrow=narrow))
