"""How series are told apart, and the two lines of text about them: legend and readout."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.app.widgets.series import ColorRole, Series
from tui.app.widgets.strips import PLAIN, printable
from tui.system.terminal import FULL, ColorMode, Terminal

_STYLES = ("hd", "•", "x", "+", "o", "~")  # "hd" is plotext's name of quarter blocks
_ASCII_STYLES = ("*", "o", "+", "x", "#", "~")
_SAMPLES = {"hd": "▄▀"}

# Told apart with the common colour blindnesses, and readable on dark and on light.
_PALETTE: dict[ColorRole, tuple[str, str]] = {
    "primary": ("bright_blue", "#3d9be9"),
    "secondary": ("yellow", "#d98200"),
    "tertiary": ("green", "#009e73"),
    "quaternary": ("magenta", "#cc79a7"),
    "quinary": ("cyan", "#2aa1b3"),
    "warning": ("red", "#d55e00"),
}
ROLES: tuple[ColorRole, ...] = tuple(_PALETTE)


def role_style(role: ColorRole, colors: ColorMode) -> Style:
    """The style of a role in so many colours."""
    if colors == "none":
        return PLAIN
    basic, exact = _PALETTE[role]
    return Style(color=basic if colors == "16" else exact)


def symbol(style: int, ascii_only: bool) -> str:
    """The character, or the name of the sub-cell marker, that draws a series."""
    shapes = _ASCII_STYLES if ascii_only else _STYLES
    return shapes[style % len(shapes)]


def legend(
    title: str,
    series: Sequence[Series],
    width: int,
    *,
    terminal: Terminal = FULL,
) -> Strip:
    """The title, then a sample and the name of each series, names cut as far as needed."""
    named = [
        (one, printable(one.name, ascii_only=terminal.ascii_only)) for one in series if one.name
    ]
    title = printable(title, ascii_only=terminal.ascii_only)

    def line(longest: int, title: str = title) -> Strip:
        segments = [Segment(title, Style(bold=True))] if title else []
        for one, name in named:
            shape = symbol(one.style, terminal.ascii_only)
            sample = Segment(_SAMPLES.get(shape, 2 * shape), role_style(one.role, terminal.colors))
            segments += [Segment("  "), sample, Segment(f" {shorten(name, longest)}")]
        return Strip(segments if title else segments[1:])

    names = [name for _, name in named]
    with_title = _longest_fitting(lambda n: line(n).cell_length, names, width, at_least=3)
    if with_title:
        strip = line(with_title)
    else:
        without = _longest_fitting(lambda n: line(n, "").cell_length, names, width)
        strip = line(without or 1, "") if named else line(1)
    return strip.adjust_cell_length(width, PLAIN).simplify()


def readout(series: Sequence[Series], x: float, width: int, *, x_label: str = "") -> str:
    """The value of every series at `x`; in few cells names are cut, then digits and spaces too."""
    position = f"{int(x) if float(x).is_integer() else format(x, '.4g')}"
    values = [(one.name, one.value_at(x)) for one in series]
    names = [name for name, _ in values]

    def line(longest: int, start: str, gap: str, digits: int) -> str:
        parts = (f"{shorten(name, longest)} {_number(value, digits)}" for name, value in values)
        return gap.join((start, *parts))

    def roomy(longest: int) -> str:
        return line(longest, f"{x_label} {position}".strip(), "  ", 4)

    def tight(longest: int) -> str:
        return line(longest, position, " ", 3)

    fitting = _longest_fitting(lambda n: cell_len(roomy(n)), names, width)
    if fitting:
        return roomy(fitting)
    return tight(_longest_fitting(lambda n: cell_len(tight(n)), names, width) or 1)


def shorten(name: str, longest: int) -> str:
    """The name, or its start and, from four characters on, a tilde, in at most `longest` characters."""
    if len(name) <= longest:
        return name
    return name[:longest] if longest < 4 else f"{name[: longest - 1]}~"


def _number(value: float, digits: int) -> str:
    return "-" if value != value else format(value, f".{digits}g")


def _longest_fitting(
    length: Callable[[int], int], names: Sequence[str], width: int, *, at_least: int = 1
) -> int | None:
    """The greatest name length, from `at_least` on, for which the line is not too long."""
    longest = max((len(name) for name in names), default=1)
    lengths = range(longest, min(at_least, longest) - 1, -1)
    return next((n for n in lengths if length(n) <= width), None)
