"""How series are distinguished, and the two lines of text about them: legend and readout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.colors import ROLES as ROLES
from tui.app.widgets.colors import role_style as role_style
from tui.app.widgets.series import Series
from tui.app.widgets.strips import PLAIN, printable
from tui.app.widgets.text import shorten as shorten
from tui.app.widgets.trace import DASHES
from tui.formatting import number
from tui.system.terminal import FULL, Terminal

_BLOCKS = ("hd", "•", "x", "+", "o", "~")  # "hd" is plotext's name of quarter blocks.
_ASCII_MARKS = ("*", "o", "+", "x", "#", "~")
_POINTS, _ASCII_POINTS = "●•x+o", "Oo+x*"
_LINES = "─╌┈┄╴·"
_SAMPLES = {"hd": "▄"}
_RUN_GLYPHS = "123456789abcdefghijklmnpqrstuvwyz"  # Styles are drawn with "o" and "x".
_MORE = "~"
_TELLING = 3  # letters of a name that tell it from others


def run_glyph(run: int) -> str:
    """The character that draws the curves of the n-th run and names it: a digit or a letter."""
    return _RUN_GLYPHS[(run - 1) % len(_RUN_GLYPHS)]


def symbol(one: Series, terminal: Terminal) -> str:
    """The character, or the name of the sub-cell marker, that draws a series."""
    if one.scatter:
        points = _ASCII_POINTS if terminal.ascii_only else _POINTS
        return one.glyph or points[one.style % len(points)]
    if terminal.thin_lines:
        return "braille"
    shapes = _ASCII_MARKS if terminal.ascii_only else _BLOCKS
    return one.glyph or one.tag[:1] or shapes[one.style % len(shapes)]


def dash_of(one: Series, terminal: Terminal) -> tuple[int, ...]:
    """Dots drawn and left out in turn where a series is a thin line; nothing for a solid one.

    A faint line is solid where its colour makes it faint.
    """
    if not terminal.thin_lines or (one.faint and terminal.colors != "none"):
        return ()
    return DASHES[one.style % len(DASHES)]


def sample(one: Series, terminal: Terminal) -> str:
    """One character that looks like the line of a series."""
    if terminal.thin_lines and not one.scatter:
        faint = one.faint and terminal.colors != "none"
        return "─" if faint else _LINES[one.style % len(_LINES)]
    shape = symbol(one, terminal)
    return _SAMPLES.get(shape, shape)


def legend(title: str, series: Sequence[Series], width: int, *, terminal: Terminal = FULL) -> Strip:
    """The title, then a sample and the name of each series.

    Where the width is small, names are shortened, then left out, and at last the samples of the
    first series; a `~` stands for those. The title always stays.
    """
    title = printable(title, ascii_only=terminal.ascii_only)
    named = [
        (one, printable(one.name, ascii_only=terminal.ascii_only)) for one in series if one.name
    ]

    def entry(one: Series, name: str) -> list[Segment]:
        look, style = sample(one, terminal), role_style(one.role, terminal.colors)
        if one.tag:
            return [Segment(one.tag, style), Segment(f":{name}" if name else "")]
        return [Segment(2 * look, style), Segment(f" {name}" if name else "")]

    def line(longest: int, left_out: int = 0) -> Strip:
        entries = [entry(one, shorten(name, longest)) for one, name in named[left_out:]]
        parts = [[Segment(title, Style(bold=True))]] if title else []
        parts += [[Segment(_MORE)]] if left_out else []
        gap = Segment("  ")
        return Strip([piece for part in [*parts, *entries] for piece in (gap, *part)][1:])

    names = [name for _, name in named]
    longest = _longest_fitting(lambda n: line(n).cell_length, names, width)
    if longest is not None:
        strip = line(longest)
    else:
        shorter = (line(0, left_out) for left_out in range(len(named) + 1))
        strip = next((one for one in shorter if one.cell_length <= width), line(0, len(named)))
    return strip.adjust_cell_length(width, PLAIN).simplify()


def readout(
    series: Sequence[Series], x: float, width: int, *, x_label: str = "", placed: bool = False
) -> str:
    """The value of every series at `x`.

    Where the width is small, names are shortened, then digits and blanks, and then the first series
    are left out, for which a `~` stands. Names are single letters only where not even the last one
    would fit otherwise. An `x` that is `placed` beside the chart goes with the blanks. No number is
    cut.
    """
    position = f"{int(x) if float(x).is_integer() else format(x, '.4g')}"

    def parts(longest: int, digits: int) -> list[str]:
        return [
            f"{one.prefix}{_abbreviated(one.name, longest)} {_number(one.value_at(x), digits)}"
            for one in series
        ]

    def roomy(longest: int) -> str:
        return "  ".join((f"{x_label} {position}".strip(), *parts(longest, 4)))

    def tight(longest: int, left_out: int = 0) -> str:
        first = [] if placed else [position]
        return " ".join((*first, *_MORE[:left_out], *parts(longest, 3)[left_out:]))

    longest_name = max((len(one.name) for one in series), default=0)
    lengths = range(max(longest_name, _TELLING), _TELLING - 1, -1)
    texts = chain(
        map(roomy, lengths),
        (tight(longest, left_out) for left_out in range(len(series)) for longest in lengths),
        (tight(1, left_out) for left_out in range(len(series) + 1)),
    )
    return next((text for text in texts if cell_len(text) <= width), "")


def _abbreviated(name: str, longest: int) -> str:
    """The name shortened; a single letter more than what tells it is not worth a cut."""
    return name if len(name) == _TELLING + 1 == longest + 1 else shorten(name, longest)


def _number(value: float, digits: int) -> str:
    return "-" if value != value else number(value, 12, f".{digits}g")


def _longest_fitting(length: Callable[[int], int], names: Sequence[str], width: int) -> int | None:
    """The greatest length of names, at least 1, with which the line is not too long."""
    longest = max((len(name) for name in names), default=1)
    return next((n for n in range(longest, 0, -1) if length(n) <= width), None)
