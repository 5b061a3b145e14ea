"""The weights into every unit of a first layer as pictures, one of them large beside them."""

from __future__ import annotations

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip
from textual.widgets import Static

from nn.arrays import Array
from nn.spec import MNIST, DataSpec
from tui.app.widgets.digit import ContactSheet, DigitView
from tui.app.widgets.panel import Panel
from tui.app.widgets.raster import Image
from tui.app.widgets.signed import scale_strip, shades_signs, weight_strips
from tui.app.widgets.strips import StripWidget
from tui.app.widgets.text import set_text
from tui.system.terminal import DrawingMode, Terminal

TILES = ((10, 5), (14, 7), (20, 10), (28, 14))
"""Sizes of a picture in cells."""
_FEW = 6
"""If a page would hold fewer pictures, they are drawn smaller at first."""


class WeightSheet(ContactSheet):
    """A page of pictures of weights, each scaled by its own largest magnitude."""

    larger = 0
    """Number of sizes above the usual one."""

    def _choose_tile(self) -> None:
        """Choose the size of the pictures for the size of the widget."""
        self.tile_width, self.tile_height = TILES[1]
        usual = 0 if self.page_size < _FEW else 1
        at = min(max(usual + self.larger, 0), len(TILES) - 1)
        self.larger = at - usual
        self.tile_width, self.tile_height = TILES[at]

    def _lay_out(self) -> list[Strip]:
        self._choose_tile()
        return super()._lay_out()

    def _image(self, image: Image, width: int, height: int) -> list[Strip]:
        return weight_strips(image, width, height, self.terminal, shaded=self.mode != "ascii")


class WeightsPane(Panel):
    """As many units as fit, and the selected one large; `-enlarged` shows that one only."""

    DEFAULT_CSS = """
    WeightsPane {
        layout: horizontal;
        #unit { width: 28; margin-left: 1; }
        #unit DigitView { height: 14; }
        &.-enlarged WeightSheet { display: none; }
        &.-enlarged #unit {
            width: 1fr; margin: 0;
            DigitView { height: 1fr; }
            Static { height: auto; }
        }
    }
    """

    def __init__(
        self,
        terminal: Terminal,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str = "",
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._terminal = terminal
        self._sheet = WeightSheet(terminal)
        self._large = DigitView(terminal)
        self._scale = ScaleView(terminal)
        self._about = Static(markup=False)
        self._weight: Array = np.zeros((MNIST.pixels, 0))
        self._bias: Array = np.zeros(0)
        self._dead: Array | None = None
        self._spec = MNIST
        self._edges = False

    def compose(self) -> ComposeResult:
        yield self._sheet
        with Vertical(id="unit"):
            yield self._large
            yield self._scale
            yield self._about

    @property
    def selected(self) -> int:
        """The unit that is shown large."""
        return self._sheet.selected

    @property
    def shaded(self) -> bool:
        """Whether weights are drawn in shades."""
        return self._sheet.mode != "ascii" and shades_signs(self._terminal)

    def show(
        self,
        weight: Array,
        bias: Array,
        dead: Array | None,
        spec: DataSpec = MNIST,
        *,
        edges: bool = False,
    ) -> None:
        """Show weights (pixels, units) and their biases; `dead` is None for an output layer.

        `edges` says that they are weights of edges, eight small pictures, in place of pixels.
        """
        self._edges = edges
        self._weight, self._bias, self._dead, self._spec = weight, bias, dead, spec
        units = weight.shape[1]
        images = [*weight.T.reshape(units, *spec.shape)]  # views, no copies
        flags = [False] * units if dead is None else dead.tolist()
        self._sheet.set_items(images, self._captions(units), flags)
        self._show_selected()

    def _captions(self, units: int) -> list[str]:
        outputs = self._dead is None and self._spec.has_names
        return [self._spec.names[unit] if outputs else str(unit) for unit in range(units)]

    def move(self, right: int, below: int) -> None:
        """Select a neighbour."""
        self._sheet.move(right, below)
        self._show_selected()

    def page(self, pages: int) -> None:
        """Move the selection by pages."""
        self._sheet.turn(pages)
        self._show_selected()

    def end(self, direction: int) -> None:
        """Select the first or the last unit."""
        self._sheet.selected = len(self._bias) * max(0, direction)
        self._show_selected()

    def resize_tiles(self, step: int) -> None:
        """Draw all pictures one size larger (1) or smaller (-1), if there is one."""
        self._sheet.larger += step
        self._sheet.redraw()

    def draw_with(self, mode: DrawingMode) -> None:
        """Draw with characters, or in shades where the terminal has them."""
        if mode != self._sheet.mode:
            self._sheet.mode = self._large.mode = mode
            self._show_selected()

    def on_contact_sheet_selected(self) -> None:
        """Another unit was clicked."""
        self._show_selected()

    def _show_selected(self) -> None:
        unit, units = self.selected, len(self._bias)
        if not units:
            return
        weight = self._weight[:, unit]
        picture = weight.reshape(self._spec.shape)
        self._large.set_image(picture, signed=True)
        dead = ", dead" if self._dead is not None and self._dead[unit] else ""
        name = f"unit {unit} of {units:,}{dead}"
        if self._dead is None:
            name = self._spec.named(unit) if self._spec.has_names else f"digit {unit}"
        with np.errstate(all="ignore"):  # The weights may have diverged.
            norm = np.linalg.norm(weight)
        largest = np.abs(np.nan_to_num(weight, posinf=0.0, neginf=0.0)).max(initial=0.0)
        self._scale.show(float(largest), shaded=self.shaded)
        text = (
            f"{name}\n"
            f"norm {norm:.3g}, bias {self._bias[unit]:.2g}\n"
            f"{weight.min():.2g} to {weight.max():.2g}"
        )
        set_text(self._about, f"{text}\nof edges in 8 directions" if self._edges else text)


class ScaleView(StripWidget):
    """The legend of a picture of signed values."""

    DEFAULT_CSS = """
    ScaleView { height: 1; }
    """

    _largest: float | None = None
    _shaded = False

    def show(self, largest: float, *, shaded: bool) -> None:
        """Show the scale up to this magnitude."""
        self._largest, self._shaded = largest, shaded
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        if self._largest is None:
            return []
        return [scale_strip(self._largest, self.terminal, shaded=self._shaded)]
