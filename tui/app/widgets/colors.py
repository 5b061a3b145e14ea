"""What colours are used for, and which colours those are: on dark, on light, and of sixteen.

Widgets name a role, never a colour, so that a theme can be changed while they are shown. The
colours of the series follow Okabe and Ito (jfly.uni-koeln.de/color), which people with the common
colour blindnesses tell apart, and are made lighter or darker until each has enough contrast with
the background. No meaning rests on a colour alone.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from rich.style import Style

from tui.system.terminal import ColorMode

ColorRole = Literal["primary", "secondary", "tertiary", "quaternary", "quinary", "warning"]
"""The colours of series, in the order in which they are taken."""
ROLES: tuple[ColorRole, ...] = get_args(ColorRole)
InkRole = Literal["accent", "muted", "grid", "right", "wrong", "negative", "positive"]
"""Everything else that is drawn: `grid` is for lines that may be overlooked, `right` and `wrong`
are for predictions, `negative` and `positive` are the ends of the diverging scale."""
Role = ColorRole | InkRole


class Palette(NamedTuple):
    """The colours of all roles on one background, as "#rrggbb"."""

    name: Literal["dark", "light"]
    background: str
    surface: str
    panel: str
    foreground: str
    border: str
    inks: dict[Role, str]


DARK = Palette(
    name="dark",
    background="#10151c",
    surface="#171e28",
    panel="#212b38",
    foreground="#d9e0e8",
    border="#5d6d80",
    inks={
        "primary": "#56b4e9",
        "secondary": "#f0a830",
        "tertiary": "#3dc9a0",
        "quaternary": "#e39ac8",
        "quinary": "#b9a6ff",
        "warning": "#ff7b54",
        "accent": "#56b4e9",
        "muted": "#93a1b1",
        "grid": "#4a586a",
        "right": "#3dc9a0",
        "wrong": "#ff7b54",
        "negative": "#f0a830",
        "positive": "#56b4e9",
    },
)
LIGHT = Palette(
    name="light",
    background="#fbfaf6",
    surface="#f1f0ea",
    panel="#e4e3db",
    foreground="#1d2530",
    border="#77828e",
    inks={
        "primary": "#0b63a8",
        "secondary": "#9a5200",
        "tertiary": "#006b52",
        "quaternary": "#9c3377",
        "quinary": "#5a46b0",
        "warning": "#b8340d",
        "accent": "#0b63a8",
        "muted": "#55606e",
        "grid": "#a3adb8",
        "right": "#006b52",
        "wrong": "#b8340d",
        "negative": "#9a5200",
        "positive": "#0b63a8",
    },
)
_SIXTEEN: dict[Role, str] = {
    "primary": "bright_blue",
    "secondary": "yellow",
    "tertiary": "green",
    "quaternary": "magenta",
    "quinary": "cyan",
    "warning": "red",
    "accent": "cyan",
    "muted": "default",
    "grid": "bright_black",
    "right": "green",
    "wrong": "red",
    "negative": "yellow",
    "positive": "bright_blue",
}


class _Shown:
    """The palette in use, which belongs to the theme of the one application of a process."""

    palette = DARK


def use_palette(palette: Palette) -> None:
    """Draw with these colours from now on."""
    _Shown.palette = palette


def palette_in_use() -> Palette:
    """The colours that are drawn with now."""
    return _Shown.palette


def role_color(role: Role) -> str:
    """The exact colour of a role, "#rrggbb", to be mixed with others in a terminal that has all."""
    return _Shown.palette.inks[role]


def role_style(role: Role, colors: ColorMode) -> Style:
    """The style of a role with as many colours as the terminal has."""
    if colors == "none":
        return Style.null()
    return Style(color=_SIXTEEN[role] if colors == "16" else role_color(role))
