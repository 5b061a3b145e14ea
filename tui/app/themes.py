"""The themes of this application, and what it adds to those that Textual brings along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.color import Color
from textual.theme import Theme

from tui.app.widgets.colors import DARK, LIGHT, Palette

DEFAULT_THEME, BASIC_THEME = "mnist-dark", "ansi-dark"
"""What is shown unless the preferences name a theme: with all colours, and with sixteen."""


BLACK, WHITE = Color(0, 0, 0), Color(255, 255, 255)
TEXT, MARKS = 4.5, 3.0
"""The least contrast of text and of lines with what is behind them (WCAG 2.2)."""
_READABLE = (
    ("hint", "footer-foreground", "footer-background", TEXT),
    ("key", "footer-key-foreground", "footer-background", TEXT),
    ("cursor", "block-cursor-foreground", "block-cursor-background", TEXT),
    ("banner", "background", "warning", TEXT),
    ("accent", "text-accent", "background surface", TEXT),
    ("warning", "text-warning", "background surface", TEXT),
    ("error", "text-error", "background surface", TEXT),
    ("border", "accent", "background surface", MARKS),
    ("warning-border", "warning", "background surface", MARKS),
    ("error-border", "error", "background surface", MARKS),
)
"""Variables of our style sheets, `$readable-hint` and so on: each is the second one, which is moved
away from the third ones where their contrast is too low, as it is in many of Textual's themes."""


def palette_of(theme: Theme) -> Palette:
    """The colours of charts and pictures that go with a theme."""
    palette = DARK if theme.dark else LIGHT
    if theme.ansi or theme.name == f"mnist-{palette.name}":
        return palette
    variables = _variables(theme)
    grounds = variables["background"], variables["surface"]
    inks = {
        role: color
        if role == "grid"
        else readable(color, grounds, TEXT)  # a grid may be overlooked
        for role, color in palette.inks.items()
    }
    return palette._replace(inks=inks)


def readable(color: str, grounds: Iterable[str], least: float) -> str:
    """The colour, or as little lighter or darker as gives it a contrast with each ground."""
    for behind in grounds:
        color = _moved_from(behind, color, least)
    return color


def _moved_from(behind: str, color: str, least: float) -> str:
    """The colour in a contrast with what is behind it.

    Names of the sixteen colours stay, since only the terminal knows them; "auto" is black or white,
    of which Textual takes the better one.
    """
    if color.startswith("ansi_") or behind.startswith("ansi_"):
        return color
    if color.startswith("auto"):
        return "auto"
    parsed, ground = Color.parse(color), Color.parse(behind)
    away = max((BLACK, WHITE), key=lambda end: contrast(end, ground))
    moved = (parsed.blend(away, step / 20) for step in range(21))
    found = next((each for each in moved if contrast(each, ground) >= least), away)
    return color if found == parsed else found.hex6


def contrast(one: Color, other: Color) -> float:
    """How much lighter one colour is than the other, from 1 to 21, as of WCAG 2.2."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    parts = (part / 255 for part in color.rgb)
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _variables(theme: Theme) -> dict[str, str]:
    return {**theme.to_color_system().generate(), **theme.variables}


def own_themes() -> tuple[Theme, ...]:
    """One theme on dark and one on light."""
    return tuple(
        Theme(
            name=f"mnist-{palette.name}",
            dark=palette.name == "dark",
            primary=palette.inks["primary"],
            secondary=palette.inks["secondary"],
            accent=palette.inks["accent"],
            warning=palette.inks["secondary"],
            error=palette.inks["warning"],
            success=palette.inks["right"],
            foreground=palette.foreground,
            background=palette.background,
            surface=palette.surface,
            panel=palette.panel,
            variables=_own_variables(palette),
        )
        for palette in (DARK, LIGHT)
    )


def _own_variables(palette: Palette) -> dict[str, str]:
    ink, foreground = palette.inks, palette.foreground
    return {
        **added_variables(palette),
        "text-muted": ink["muted"],
        "text-accent": ink["accent"],
        "text-warning": ink["secondary"],
        "text-error": ink["warning"],
        "text-success": ink["right"],
        "border": ink["accent"],
        "border-blurred": palette.border,
        "footer-background": palette.panel,
        "footer-foreground": foreground,
        "footer-key-foreground": ink["accent"],
        "block-cursor-background": ink["accent"],
        "block-cursor-foreground": palette.background,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": palette.panel,
        "block-cursor-blurred-foreground": foreground,
        "scrollbar": palette.border,
        "scrollbar-hover": ink["muted"],
        "scrollbar-active": ink["accent"],
        "scrollbar-background": palette.surface,
        "scrollbar-background-hover": palette.surface,
        "scrollbar-background-active": palette.surface,
        "scrollbar-corner-color": palette.surface,
        "panel-border": palette.border,
    }


def added_variables(palette: Palette) -> dict[str, str]:
    """The variables of style sheets for the colours of roles: `$ink-primary`, `$ink-muted` ..."""
    return {f"ink-{role}": color for role, color in palette.inks.items()}


def default_variables(theme: Theme) -> dict[str, str]:
    """What our style sheets use and a theme of Textual does not define."""
    known = _variables(theme)
    found = {
        f"readable-{name}": readable(known[color], map(known.__getitem__, grounds.split()), least)
        for name, color, grounds, least in _READABLE
    }
    return {**added_variables(palette_of(theme)), **found, "panel-border": _border(theme, known)}


def _border(theme: Theme, variables: Mapping[str, str]) -> str:
    """A border between the background and the text, quieter than either."""
    if theme.ansi:
        return "ansi_default"
    background, foreground = (Color.parse(variables[n]) for n in ("background", "foreground"))
    return readable(background.blend(foreground, 0.45).hex6, [background.hex6], MARKS)
