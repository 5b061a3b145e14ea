"""Charts that are drawn at once, so that a picture is of the latest state, and a falling curve."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tui.app.widgets import chart, curves
from tui.app.widgets.series import ColorRole, Series


def draw_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have charts made from now on wait neither for data nor for keys, whatever drawing costs."""
    monkeypatch.setattr(chart, "DATA_INTERVAL", 0)
    monkeypatch.setattr(chart, "KEY_INTERVAL", 0)
    monkeypatch.setattr(chart, "DATA_SHARE", math.inf)
    monkeypatch.setattr(curves, "DATA_INTERVAL", 0)


def falling(count: int = 30, *, name: str = "train", style: int = 0) -> Series:
    """A loss as it falls with the epochs."""
    xs = np.arange(1, count + 1)
    role: ColorRole = "secondary" if style else "primary"
    return Series(name, xs, np.exp(-xs / 8) + 0.05 * style, style, role)
