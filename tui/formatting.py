"""Numbers as text: percentages, counts, times and bars, the same on the screen and in plain lines."""

from __future__ import annotations

import math

_EIGHTHS = " ▏▎▍▌▋▊▉"


def percent(share: float | None) -> str:
    """A share of 1 as `98.10%`; `-` for NaN, empty where it was not measured (None)."""
    if share is None:
        return ""
    return "-" if math.isnan(share) else f"{share:.2%}"


def count(number: float, noun: str) -> str:
    """`1 step`, `2,345 steps` or `1.74 epochs`."""
    return f"{number:,.10g} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float, *, whole: bool = False) -> str:
    """`9.4s`, `1:05` or `2:00:07`; with `whole`, completed seconds only, as a running clock has."""
    if not whole and round(seconds, 1) < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds) if whole else round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest}s"


def bar(share: float, width: int, *, ascii_only: bool, track: bool = False) -> str:
    """A bar of `width` cells, filled to a share from 0 to 1; empty where there is no room.

    The unfilled part is blank and the end exact to an eighth of a cell. With `track` the
    unfilled part is drawn too and only whole cells are filled, so that a bar which moves all the
    time is seldom sent to the terminal again.
    """
    width = max(width, 0)
    if track:
        full, empty = "#." if ascii_only else "█░"
        filled = int(share * width + 1e-9)
        return full * filled + empty * (width - filled)
    if ascii_only:
        return ("#" * round(share * width)).ljust(width)
    filled, eighths = divmod(round(share * width * 8), 8)
    return ("█" * filled + (_EIGHTHS[eighths] if eighths else "")).ljust(width)
