"""A digit, and what it sets off in every layer."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tui.widgets.activation_view import ActivationView, LayerActivity
from tui.widgets.digit import DigitView
from tui.widgets.raster import Image
from tui.widgets.strips import ColorMode


class ActivationsPane(Horizontal):
    """The digit to the left, the layers to the right."""

    DEFAULT_CSS = """
    ActivationsPane {
        #digit { width: 28; margin-right: 1; }
        #digit DigitView { height: 14; }
    }
    """

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        color_mode: ColorMode = "full",
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._digit = DigitView(mode="half", ascii_only=ascii_only, color_mode=color_mode)
        self._about = Static(markup=False)
        self._view = ActivationView(color_mode=color_mode)

    def compose(self) -> ComposeResult:
        with Vertical(id="digit"):
            yield self._digit
            yield self._about
        yield self._view

    def show(
        self, image: Image, about: str, layers: Sequence[LayerActivity], selected: int
    ) -> None:
        """Show a digit of (28, 28) pixels, what is to be said of it, and the layers."""
        self._digit.set_image(image)
        if self._about.content != about:
            self._about.update(about)
        self._view.show(layers, selected)
