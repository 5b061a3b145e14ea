"""The draw screen: a board to draw a digit on, and what the network makes of every stroke."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widgets import Static

from nn.errors import DataError
from nn.spec import MNIST, DataSpec
from tui.app.screens import draw_words
from tui.app.screens.board_keys import BoardScreen
from tui.app.state.board import Board
from tui.app.state.messages import DrawingChosen
from tui.app.widgets.activation_view import ActivationView
from tui.app.widgets.canvas import Canvas
from tui.app.widgets.digit import DigitView
from tui.app.widgets.headline import HeadlineView
from tui.app.widgets.loss_words import OUTPUTS
from tui.app.widgets.panel import Panel
from tui.app.widgets.probabilities import ProbabilityBars
from tui.images.field import Pixels
from tui.images.reading import Form, field_of_board


class DrawScreen(BoardScreen):
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
        Binding("g", "load", "Load digit", id="draw.load"),
        Binding("d", "mode", "Drawing", id="draw.mode"),
        Binding("i", "preview", "As MNIST", id="draw.preview"),
    ]

    def compose_body(self) -> ComposeResult:
        with Container(id="desk"):
            with Panel(id="board", classes="-bare"):
                yield Canvas(self.terminal)
            with Panel(id="fed", classes="-bare"):
                yield DigitView(self.terminal, mode="half", id="preview")
            with Panel(id="bars", classes="-bare"):
                yield ProbabilityBars(self.terminal)
                yield Static(id="state", markup=False)
            with Panel(id="guess", classes="-open -bare"):
                yield HeadlineView(self.terminal)
            with Panel(id="activity", classes="-bare"):
                yield ActivationView(self.terminal)

    def on_mount(self) -> None:
        titles = {"board": "Board", "guess": "Guess"}
        for name, title in {**titles, "activity": "What its units pass on"}.items():
            self.query_one(f"#{name}", Panel).show_titles(title)
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
        self.call_after_refresh(self.show)

    def action_load(self) -> None:
        """Copy the digit that the digit browser stands on."""
        images = self.bench.images
        if images is not None:
            self._fit_board()
            self.board.load(images.images[self.bench.index])
            self.show()

    def action_mode(self) -> None:
        """Draw pixels in shades, with characters, or with braille where none is drawn on."""
        if self.terminal.ascii_only:
            self.notify("This terminal's encoding has ASCII characters only.")
            return
        self.bench.drawing.turn_pictures(self.terminal)
        self.app.post_message(DrawingChosen())
        self.show()

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
        self.show()

    def show(self) -> None:
        self._show_board()
        self._predict()
        self._show_state()

    def _show_board(self) -> None:
        cursor, drawing = (self.board.row, self.board.column), self.bench.drawing
        self.query_one(Canvas).show(self.board.pixels, cursor, shaded=drawing.shaded)
        self.query_one("#preview", DigitView).mode = drawing.pictures

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
        self._show_board()

    def _name_fed(self) -> None:
        title = "As MNIST" if self._as_mnist else f"{self._spec.size} pixels"
        snapshot = self.bench.snapshot
        preprocessor = snapshot.predictor.preprocessor if snapshot is not None else None
        if preprocessor is not None:
            title += ", deskewed" if preprocessor.deskews else ""
            title += ", edges" if preprocessor.finds_edges else ""
        self.query_one("#fed", Panel).show_titles(title)

    def _predict(self) -> None:
        """Bring the picture into MNIST's form and show what the newest weights predict."""
        self._fit_board()
        self._name_fed()
        field, snapshot = self._field(), self.bench.snapshot
        preview = field
        if field is not None and snapshot is not None:
            preprocessor = snapshot.predictor.preprocessor
            preview = preprocessor.pictured(preprocessor.fed(field[None]))[0]
        preview = None if preview is None else preview.reshape(self.board.shape)
        self.query_one("#preview", DigitView).set_image(preview)
        probabilities: list[float] = []
        if field is not None and snapshot is not None:
            with np.errstate(all="ignore"):  # of weights that diverged
                probabilities = snapshot.predictor.probabilities(field[None])[0].tolist()
        note = "" if self.bench.shown is None else OUTPUTS[self.bench.shown.config.loss]
        self.query_one("#bars", Panel).show_titles(note.capitalize() or "Probabilities")
        self.query_one(ProbabilityBars).set_probabilities(probabilities, spec=self._spec)
        said = draw_words.guess(
            probabilities, self._spec, self._invitation(), narrow=self.has_class("-narrow")
        )
        self.query_one(HeadlineView).show(said)
        if self.query_one("#activity").display:
            layers = []
            if field is not None and snapshot is not None:
                layers = draw_words.activity(snapshot.predictor, field)
            shaded = self.bench.drawing.shaded
            self.query_one(ActivationView).show(layers, len(layers), shaded=shaded)

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
        if narrow:
            return "draw a digit"
        return (
            f"Draw a digit: {self.key_of('draw.pen', 'space')} puts the pen down, arrows move it."
        )

    def _show_state(self) -> None:
        narrow = self.has_class("-narrow")
        self.put("#state", draw_words.state(self.board, self.bench.snapshot, narrow=narrow))
