"""The charts of training, one entry each. The table needs neither NumPy nor plotext."""

from __future__ import annotations

from typing import NamedTuple

ROOMY = 120
"""Cells of the screen from which on panels have a border at all sides."""


class ChartKind(NamedTuple):
    """What one chart shows over the epochs.

    Attributes:
        name: Identifier of the pane, and the field of `nn.events.Score` that is drawn.
        title: Heading, with the unit.
        factor: Multiplies the values.
        form: How a value is written.
        same_loss: Whether values compare only between runs that minimize the same loss.
        batches: Whether the loss of the training batches is drawn too.
        log: Whether the key for the logarithmic scale concerns this chart.
    """

    name: str
    title: str
    factor: float = 1.0
    form: str = ".4g"
    same_loss: bool = False
    batches: bool = False
    log: bool = False


CHARTS = (
    ChartKind("loss", "Loss", same_loss=True, batches=True, log=True),
    ChartKind("accuracy", "Accuracy %", factor=100.0, form=".2f"),
)
