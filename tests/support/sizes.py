"""The sizes of the terminal at which screens are pictured; the two largest only by slow tests."""

from __future__ import annotations

import pytest

SIZES = [
    (40, 15),
    (80, 24),
    pytest.param((120, 40), marks=pytest.mark.slow),
    pytest.param((200, 50), marks=pytest.mark.slow),
]
