"""A digit and the activity of every layer for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from nn.analysis.inspection import LayerStatistics
from nn.arrays import Array
from nn.network.layers import ACTIVATIONS
from nn.spec import MNIST, DataSpec
from tui.app.widgets.activation_view import ActivationView, LayerActivity
from tui.app.widgets.digit import DigitView
from tui.app.widgets.layer_table import activation_name
from tui.app.widgets.panel import Panel
from tui.app.widgets.raster import Image
from tui.app.widgets.text import set_text
from tui.system.terminal import DrawingMode, Terminal


class ActivationsPane(Panel):
    """The digit to the left, the layers to the right."""

    DEFAULT_CSS = """
    ActivationsPane {
        layout: horizontal;
        #digit { width: 28; margin-right: 2; }
        #digit Static { color: $text-muted; }
        #digit DigitView { height: 14; }
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
        self._digit = DigitView(terminal)
        self._about = Static(markup=False)
        self._view = ActivationView(terminal)

    def compose(self) -> ComposeResult:
        with Vertical(id="digit"):
            yield self._digit
            yield self._about
        yield self._view

    def show(
        self,
        image: Image,
        about: str,
        layers: Sequence[LayerStatistics],
        outputs: Sequence[Array],
        selected: int,
        spec: DataSpec = MNIST,
        *,
        mode: DrawingMode = "half",
    ) -> None:
        """Show a digit of (rows, columns) pixels, a text, and the output of each layer."""
        self._digit.mode = mode
        self._digit.set_image(image)
        set_text(self._about, about)
        activity = [
            LayerActivity(
                f"{number} {activation_name(layer)}: {_summary(layer, values, spec)}",
                values,
                numeric=layer.dead is None,
            )
            for number, (layer, values) in enumerate(zip(layers, outputs, strict=True), 1)
        ]
        self._view.show(activity, selected, shaded=mode != "ascii")


def _summary(layer: LayerStatistics, values: Array, spec: DataSpec) -> str:
    if layer.dead is None:
        if np.isnan(values).any():
            return "no numbers, for it has diverged"
        return f"{spec.named(int(values.argmax()))} is the largest"
    if ACTIVATIONS[layer.activation].rectifies:
        return f"{np.count_nonzero(values):,}/{len(values):,} active, max {values.max():.2g}"
    return f"{len(values):,} units, {values.min():.2g} to {values.max():.2g}"
