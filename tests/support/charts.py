"""Charts that are drawn at once, so that a picture is of the latest state."""

from __future__ import annotations

import math

import pytest

from tui.app.widgets import chart, curves


def draw_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have charts made from now on wait neither for data nor for keys, whatever drawing costs."""
    monkeypatch.setattr(chart, "DATA_INTERVAL", 0)
    monkeypatch.setattr(chart, "KEY_INTERVAL", 0)
    monkeypatch.setattr(chart, "DATA_SHARE", math.inf)
    monkeypatch.setattr(curves, "DATA_INTERVAL", 0)
