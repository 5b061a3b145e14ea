"""The colours of pictures: shades from paper to ink, and a diverging scale for signed values.

A digit is light on a dark theme and dark on a light one. Scales have few steps: neighbours that are
equal are one run, which takes few bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from textual.color import Color

from tui.app.widgets.colors import palette_in_use

SHADES = 16
"""Steps from paper to ink."""
STEPS = 7
"""Steps of the diverging scale on either side of zero."""
_BLACK, _WHITE = "#000000", "#ffffff"
_ON_WHITE = 0.7
"""The exponent of the diverging scale on white paper."""


@dataclass(frozen=True, slots=True)
class Tones:
    """The ends of the scales as "#rrggbb".

    Attributes:
        paper: Of pixels without ink, and of values that are zero.
        ink: Of the brightest pixels.
        negative: Of the largest magnitude below zero.
        positive: Of the largest magnitude above zero.
    """

    paper: str
    ink: str
    negative: str
    positive: str

    def shade(self, step: int, steps: int = SHADES) -> str:
        """The colour of a step from 0, the paper, to `steps` - 1, the ink."""
        return mixed(self.paper, self.ink, step / (steps - 1))

    def diverging(self, step: int) -> str:
        """The colour of a step from -`STEPS` to `STEPS`.

        From the middle of either side on it has the contrast of a mark with the paper, 3 to 1. On
        white, colours need more of the ink for that than on black.
        """
        end = self.positive if step > 0 else self.negative
        share = (abs(step) / STEPS) ** (_ON_WHITE if self.paper == _WHITE else 1.0)
        return mixed(self.paper, end, share)


def tones() -> Tones:
    """The tones that go with the colours in use."""
    palette = palette_in_use()
    paper, ink = (_BLACK, _WHITE) if palette.name == "dark" else (_WHITE, _BLACK)
    return Tones(paper, ink, palette.inks["negative"], palette.inks["positive"])


@lru_cache(maxsize=1024)
def mixed(start: str, end: str, share: float) -> str:
    """The first colour with this share of the second one in it."""
    return Color.parse(start).blend(Color.parse(end), share).hex.lower()


@lru_cache(maxsize=256)
def contrasting(background: str) -> str:
    """Black or white, whichever has more contrast with a background."""
    # Both contrasts, 1.05 / (l + 0.05) and (l + 0.05) / 0.05, are equal at this luminance.
    return "#ffffff" if _luminance(Color.parse(background)) < 0.1791 else "#000000"


def _luminance(color: Color) -> float:
    """The relative luminance that WCAG 2 defines."""
    parts = [channel / 255 for channel in color.rgb]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
