"""Pictures of digits under frames, shadows, on ruled paper and desks: 95% are to be recognized."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw, ImageFilter

from tests.support.pictures import (
    COLUMNS,
    ROWS,
    SIZE,
    Conditions,
    Levels,
    blend,
    card,
    filtered,
    grey,
    placed,
    ruled,
    soft_shadow,
    texture,
    wood,
)
from tests.support.plain_conditions import PLAIN

HARD = Conditions()

# Frames.
for _width in (1, 3, 10, 25):

    def _framed(ink: Levels, rng: np.random.Generator, width: int = _width) -> Levels:
        levels = blend(ink)
        levels[:width] = levels[-width:] = 0
        levels[:, :width] = levels[:, -width:] = 0
        return levels

    HARD.levels(f"frame_{_width}", _framed)
    HARD.levels(f"frame_{_width}_bright", lambda i, r, f=_framed: 255 - f(i, r))  # type: ignore[misc]


def _inset_frame(ink: Levels, distance: int, width: int, level: int) -> Levels:
    image = grey(blend(ink, 250, 20))
    box = (distance, distance, SIZE - 1 - distance, SIZE - 1 - distance)
    ImageDraw.Draw(image).rectangle(box, outline=level, width=width)
    return np.asarray(image, np.float64)


HARD.levels("frame_inset_10", lambda ink, rng: _inset_frame(ink, 10, 3, 20))
HARD.levels("frame_inset_25", lambda ink, rng: _inset_frame(ink, 25, 2, 100))
HARD.levels("frame_grey_edge", lambda ink, rng: _inset_frame(ink, 0, 6, 150))
HARD.levels(
    "edge_left_dark",
    lambda ink, rng: np.where(COLUMNS < 0.05, 30, blend(ink, 240, 20)),
)
HARD.levels(
    "edges_two_dark",
    lambda ink, rng: np.where((COLUMNS > 0.95) | (ROWS > 0.97), 60, blend(ink, 240, 20)),
)

# Light.
HARD.levels(
    "gradient_255_to_140", lambda ink, rng: np.minimum(255 - 115 * COLUMNS, blend(ink, 255, 20))
)
HARD.levels("gradient_255_to_100", lambda ink, rng: blend(ink, 255 - 155 * COLUMNS, 20))
HARD.levels("gradient_down", lambda ink, rng: blend(ink, 240, 40) * (1 - 0.6 * ROWS))
HARD.levels(
    "gradient_diagonal", lambda ink, rng: blend(ink, 250, 60) * (1 - 0.3 * (ROWS + COLUMNS))
)
HARD.levels("gradient_pencil", lambda ink, rng: blend(ink, 240, 150) * (1 - 0.45 * COLUMNS))
HARD.levels("gradient_chalk", lambda ink, rng: blend(ink, 60, 230) * (1 - 0.5 * COLUMNS))
HARD.levels(
    "vignette",
    lambda ink, rng: blend(ink, 240, 50) * (1 - 1.1 * ((ROWS - 0.5) ** 2 + (COLUMNS - 0.5) ** 2)),
)
HARD.levels(
    "corner_shadow",
    lambda ink, rng: np.where(
        ROWS + COLUMNS > 1.5, np.minimum(120, blend(ink, 235, 20)), blend(ink, 235, 20)
    ),
)
HARD.levels(
    "corner_shadow_light",
    lambda ink, rng: blend(ink, 235, 60) * np.where(ROWS - COLUMNS > 0.5, 0.6, 1),
)
HARD.levels("half_shadow", lambda ink, rng: blend(ink, 235, 40) * np.where(COLUMNS > 0.6, 0.6, 1))
HARD.levels("soft_shadow", lambda ink, rng: blend(ink, 235, 40) * soft_shadow(rng, 0.5, 25))
HARD.levels("sharp_shadow", lambda ink, rng: blend(ink, 235, 40) * soft_shadow(rng, 0.4, 3))
HARD.levels(
    "glare",
    lambda ink, rng: (
        blend(ink, 150, 40) + 100 * np.exp(-((ROWS - 0.2) ** 2 + (COLUMNS - 0.75) ** 2) / 0.06)
    ),
)
HARD.levels(
    "phone_photo",
    lambda ink, rng: (
        filtered(
            blend(placed(ink, (SIZE, SIZE), (70, 90, 220)), 210, 60)
            / 255
            * soft_shadow(rng, 0.35, 40),
            ImageFilter.GaussianBlur(1.5),
        )
        * 255
        + texture(rng, (30, 30), 4)
        + rng.normal(0, 6, ink.shape)
    ),
)

# Papers.
HARD.levels(
    "ruled_light_blue",
    lambda ink, rng: blend(
        ink, np.where(ruled()[..., None], (190, 205, 235), (250, 250, 250)), (35, 35, 35)
    ),
)
HARD.levels("ruled_dark", lambda ink, rng: blend(ink, np.where(ruled(), 90, 250), 30))
HARD.levels(
    "ruled_dark_thick",
    lambda ink, rng: blend(ink, np.where(ruled(80, 4), 60, 250), 30),
)
HARD.levels(
    "ruled_slanted", lambda ink, rng: blend(ink, np.where(ruled(70, 2, slope=0.05), 120, 245), 30)
)
HARD.levels(
    "ruled_and_margin",
    lambda ink, rng: blend(
        ink,
        np.where(
            ruled()[..., None],
            (170, 190, 230),
            np.where((abs(COLUMNS - 0.1) < 0.004)[..., None], (230, 120, 120), (250, 250, 245)),
        ),
        (30, 30, 90),
    ),
)
HARD.levels("squared", lambda ink, rng: blend(ink, np.where(ruled(40, 2, down=True), 190, 250), 30))
HARD.levels(
    "squared_dark", lambda ink, rng: blend(ink, np.where(ruled(50, 2, down=True), 110, 250), 20)
)
HARD.levels(
    "dotted",
    lambda ink, rng: blend(
        ink,
        np.where(
            ruled(40, 3) & ruled(40, 3, down=True) & ((np.mgrid[0:SIZE, 0:SIZE][1] - 40) % 40 < 3),
            130,
            250,
        ),
        30,
    ),
)
HARD.levels("ruled_pencil", lambda ink, rng: blend(ink, np.where(ruled(), 200, 245), 120))
HARD.levels("blackboard_ruled", lambda ink, rng: blend(ink, np.where(ruled(), 110, 40), 230))
HARD.levels("paper_grain", lambda ink, rng: blend(ink, 215, 50) + texture(rng, (60, 60), 10))
HARD.levels("crumpled", lambda ink, rng: blend(ink, 210, 50) + texture(rng, (7, 7), 20))
HARD.levels(
    "stain",
    lambda ink, rng: blend(
        ink, np.where((ROWS - 0.7) ** 2 + (COLUMNS - 0.7) ** 2 < 0.07, 190, 240), 30
    ),
)
HARD.levels(
    "hole_punch",
    lambda ink, rng: np.where(
        (abs(ROWS - 0.5) - 0.3) ** 2 + (COLUMNS - 0.05) ** 2 < 0.0005, 40, blend(ink, 245, 30)
    ),
)

# Desks and cards.
HARD.levels("card_on_dark", lambda ink, rng: card(ink, 40))
HARD.levels("card_on_grey", lambda ink, rng: card(ink, 130))
HARD.levels("card_on_wood", lambda ink, rng: card(ink, wood(rng)))
HARD.levels("card_tilted", lambda ink, rng: card(ink, wood(rng, 110), tilt=7))
HARD.levels("card_tilted_far", lambda ink, rng: card(ink, 60, tilt=-12))
HARD.levels("card_dark_on_bright", lambda ink, rng: card(ink, 220, paper=50, pen=235))
HARD.levels("card_on_white", lambda ink, rng: card(ink, 255, paper=215, pen=30))
HARD.levels("digit_on_wood", lambda ink, rng: blend(ink, wood(rng, 170), 25))
HARD.levels(
    "desk_below",
    lambda ink, rng: np.where(ROWS + 0.1 * COLUMNS > 0.97, wood(rng, 80), blend(ink, 235, 30)),
)
HARD.levels(
    "desk_left", lambda ink, rng: np.where(COLUMNS < 0.1, wood(rng, 90), blend(ink, 235, 30))
)

CONDITIONS = PLAIN | HARD
