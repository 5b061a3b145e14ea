"""The themes of this application, and what it adds to those that Textual brings along."""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

from tui.app.widgets.colors import DARK, LIGHT, Palette

DEFAULT_THEME, BASIC_THEME = "mnist-dark", "ansi-dark"
"""What is shown unless the preferences name a theme: with all colours, and with sixteen."""


def palette_of(theme: Theme) -> Palette:
    """The colours of charts and pictures that go with a theme."""
    return DARK if theme.dark else LIGHT


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
    return {**added_variables(palette_of(theme)), "panel-border": _border(theme)}


def _border(theme: Theme) -> str:
    """A border between the background and the text, quieter than either."""
    if theme.ansi or theme.background is None or theme.foreground is None:
        return "ansi_default" if theme.ansi else "#808080"
    background, foreground = Color.parse(theme.background), Color.parse(theme.foreground)
    return background.blend(foreground, 0.45).hex
