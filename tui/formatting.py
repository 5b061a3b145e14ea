"""Numbers as text, the same on the screen and in plain lines: percentages, times, bars."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nn.config import TrainConfig
    from nn.spec import DataSpec

_EIGHTHS = " ▏▎▍▌▋▊▉"


def percent(share: float | None) -> str:
    """A share of 1 as `98.10%`; `-` for NaN, empty where it was not measured (None)."""
    if share is None:
        return ""
    return "-" if math.isnan(share) else f"{share:.2%}"


def count(number: float, noun: str) -> str:
    """`1 step`, `2,345 steps` or `1.74 epochs`."""
    return f"{number:,.10g} {noun}{'' if number == 1 else 's'}"


def message_of(error: Exception) -> str:
    """What an error says, or its kind where it says nothing."""
    return str(error) or type(error).__name__


def layer_widths(config: TrainConfig, spec: DataSpec) -> str:
    """The number of inputs, the widths of the hidden layers, and the outputs: `784-128-10`."""
    return "-".join(map(str, (spec.pixels, *config.hidden, spec.classes)))


def number(value: float, width: int, spec: str = ".4g") -> str:
    """A number in at most `width` characters, rounded, since a number cut off is another one.

    `spec` is the format to prefer. Where its text is too long, the number is rounded to as many
    significant digits as fit, five at most, with an exponent if that is shorter: in eight
    characters 579.45941 is `579.46` and 62139983619 is `6.214e10`. Where not even one digit fits,
    a fraction is `0` and anything else a row of `#`.
    """
    text = format(value, spec)
    for digits in range(min(width, 5), 0, -1):
        if len(text) <= width:
            break
        text = tidy_exponent(f"{value:.{digits}g}")
    if len(text) <= width:
        return text
    return "0" if abs(value) < 1 <= width else "#" * width


def tidy_exponent(text: str) -> str:
    """The number without what adds nothing to its exponent: `1e+06` as `1e6`, `1e-05` as `1e-5`."""
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def duration(seconds: float, *, whole: bool = False) -> str:
    """`9.4s`, `1:05` or `2:00:07`; with `whole`, completed seconds only, as a running clock has."""
    if not whole and round(seconds, 1) < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(int(seconds) if whole else round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest}s"


def clock(seconds: float, width: int) -> str:
    """Completed seconds as of `duration`, or `27h46` or `12d` where `width` is too small."""
    text = duration(seconds, whole=True)
    hours, minutes = divmod(int(seconds) // 60, 60)
    for shorter in (f"{hours}h{minutes:02}", f"{hours}h", f"{hours // 24}d"):
        text = text if len(text) <= width else shorter
    return text


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


def in_lines(parts: Iterable[str], width: int, gap: str = "   ") -> str:
    """The parts one behind the other, in lines that break between two of them only.

    A part that is wider than a line has one of its own, which is then wrapped where it is shown.
    """
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(gap) + len(part) <= width:
            lines[-1] += gap + part
        else:
            lines.append(part)
    return "\n".join(lines)


def cut_middle(text: str, width: int) -> str:
    """The text, or its beginning and its end around a tilde, in `width` characters.

    Names of runs often begin alike, and differ at their ends.
    """
    if len(text) <= width:
        return text
    if width < 4:
        return text[: max(width, 0)]
    end = (width - 1) // 2
    return f"{text[: width - 1 - end]}~{text[-end:]}"


def on_one_line(text: str) -> str:
    """The text without characters that a terminal would obey, its line breaks made blanks."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in " ".join(text.split()))
