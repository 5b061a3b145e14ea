"""Every pair of colours in the pictures of the screens has enough contrast, in both own themes.

In the themes of Textual the colours have it that are ours.

The pictures are the snapshots, which hold what is really drawn: text must have 4.5 to 1 against
what is behind it and marks, such as lines and bars, 3 to 1 (WCAG 2.2, criteria 1.4.3 and 1.4.11).
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from tui.app.themes import default_variables, own_themes, palette_of
from tui.app.widgets.colors import DARK, use_palette
from tui.app.widgets.tones import STEPS, tones

SNAPSHOTS = Path(__file__).parent / "screens" / "__snapshots__"
PICTURE = set(" .:-=+*#%@'`,|~·▀▄░▒▓█▌▐")
"""What pixels are drawn with: their colour is the value of the pixel."""
QUIET = set("┈┊┼")
"""Lines of a grid, which may be overlooked."""
_STYLE = re.compile(r"\.terminal-(r\d+) \{ fill: (#\w{6})")
_RECT = re.compile(
    r'<rect fill="(#\w{6})" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"'
)
_TEXT = re.compile(r'<text class="terminal-(r\d+)" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)<')


def luminance(color: str) -> float:
    """Relative luminance as of WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def pairs(svg: str) -> Iterator[tuple[str, str, str]]:
    """(colour, colour behind it, text) of each run of cells that is neither blank nor a picture."""
    fills = dict(_STYLE.findall(svg))
    behind = [(c, *map(float, (x, y, w, h))) for c, x, y, w, h in _RECT.findall(svg)]
    for style, left, base, escaped in _TEXT.findall(svg):
        text = html.unescape(escaped).replace("\xa0", " ")
        if set(text) <= PICTURE or set(text) <= QUIET | {" "}:
            continue
        x, y = float(left) + 1, float(base) - 8
        under = [c for c, bx, by, w, h in behind if bx <= x < bx + w and by <= y < by + h]
        if under:
            yield fills[style], under[-1], text


def shown_text(path: Path) -> str:
    """All characters of a picture."""
    texts = (text for *_, text in _TEXT.findall(path.read_text(encoding="utf-8")))
    return html.unescape("".join(texts)).replace("\xa0", " ")


def is_text(text: str) -> bool:
    return any(character.isalnum() for character in text)


def test_the_known_extremes() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_no_picture_is_of_an_application_that_failed() -> None:
    """Such a picture is blank, and a comparison with another blank one would hold."""
    for path in sorted(SNAPSHOTS.rglob("*.svg")):
        assert any(map(str.isalnum, shown_text(path))), path.name


def test_nothing_beyond_ascii_is_drawn_where_only_ascii_can_be_shown() -> None:
    pictures = [path for path in SNAPSHOTS.rglob("*.svg") if re.search(r"ascii|none", path.name)]
    assert len(pictures) > 8
    for path in pictures:
        assert shown_text(path).isascii(), path.name


def test_every_pair_that_is_drawn() -> None:
    weak: dict[tuple[str, str], tuple[float, str, str]] = {}
    seen: set[tuple[str, str]] = set()
    for path in sorted(SNAPSHOTS.rglob("*.svg")):
        svg = path.read_text(encoding="utf-8")
        if "sixteen" in path.name or ("#10151c" not in svg and "#fbfaf6" not in svg):
            continue  # colours of the terminal, or none
        for color, under, text in pairs(svg):
            seen.add((color, under))
            ratio = contrast(color, under)
            if ratio < (4.5 if is_text(text) else 3.0):
                weak[color, under] = (round(ratio, 2), text, path.name)
    assert len(seen) > 30
    assert not weak


@pytest.mark.parametrize("name", [name for name, theme in BUILTIN_THEMES.items() if not theme.ansi])
def test_what_is_ours_is_readable_in_the_themes_of_textual_too(name: str) -> None:
    theme = BUILTIN_THEMES[name]
    shown = {**default_variables(theme), **theme.to_color_system().generate(), **theme.variables}
    text = {"hint": "footer-background", "key": "footer-background", "banner": "warning"}
    if shown["readable-cursor"] != "auto":  # which Textual makes readable itself
        text["cursor"] = "block-cursor-background"
    drawn = [(f"readable-{name}", behind, 4.5) for name, behind in text.items()]
    for behind in ("background", "surface"):
        drawn += [(f"readable-{name}", behind, 4.5) for name in ("accent", "warning", "error")]
        borders = ("border", "warning-border", "error-border")
        drawn += [(f"readable-{name}", behind, 3.0) for name in borders]
    drawn += [("panel-border", "background", 3.0)]
    inks = [variable for variable in shown if variable.startswith("ink-")]
    drawn += [(ink, "surface", 4.5) for ink in inks if ink != "ink-grid"]
    drawn += [(ink, "background", 4.5) for ink in inks if ink != "ink-grid"]
    weak = {
        (color, behind): found
        for color, behind, least in drawn
        if (found := contrast(hexadecimal(shown[color]), hexadecimal(shown[behind]))) < least
    }
    assert not weak


@pytest.mark.parametrize(
    "theme",
    [*own_themes(), *(theme for theme in BUILTIN_THEMES.values() if not theme.ansi)],
    ids=lambda theme: theme.name,
)
def test_the_sign_of_a_value_is_seen_from_the_middle_of_the_scale_on(theme: Theme) -> None:
    use_palette(palette_of(theme))
    drawn = tones()
    use_palette(DARK)
    middle = STEPS // 2 + 1
    for step in (*range(-STEPS, -middle + 1), *range(middle, STEPS + 1)):
        assert contrast(drawn.diverging(step), drawn.paper) >= 3.0, step
    assert drawn.diverging(0) == drawn.paper


def hexadecimal(color: str) -> str:
    return Color.parse(color).hex6
