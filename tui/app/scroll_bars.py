"""Scroll bars in the characters that the terminal has.

A module of its own, because Textual imports its scroll bars only when one is first shown, for which
the first frame should not wait.
"""

from __future__ import annotations

from typing import ClassVar

from textual.scrollbar import ScrollBar, ScrollBarRender


class AsciiScrollBar(ScrollBarRender):
    """A scroll bar without the block characters at the ends of its thumb."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]


def choose_scroll_bars(*, ascii_only: bool) -> None:
    """Draw all scroll bars so."""
    ScrollBar.renderer = AsciiScrollBar if ascii_only else ScrollBarRender
