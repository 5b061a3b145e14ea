"""Pictures of digits under plain conditions, of which 97% are to be recognized."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tests.support.pictures import (
    SIZE,
    Conditions,
    Levels,
    blend,
    encode,
    filtered,
    grey,
    placed,
    rotated,
    thickened,
    thinned,
    transformed,
)

PLAIN = Conditions()

# Pens and papers.
for _name, _paper, _pen in (
    ("black_on_white", 255, 0),
    ("white_on_black", 0, 255),
    ("pencil", 240, 120),
    ("chalk", 50, 210),
    ("contrast_20_dark", 140, 120),
    ("contrast_20_bright", 120, 140),
    ("grey_paper", 128, 10),
    ("blue_pen", (250, 250, 245), (30, 40, 160)),
    ("red_pen", (255, 255, 255), (210, 30, 40)),
    ("yellow_marker", (255, 255, 255), (250, 220, 30)),
    ("yellow_on_blue", (20, 30, 120), (240, 230, 90)),
    ("red_on_equal_green", (0, 130, 0), (255, 0, 0)),
    ("blue_on_equal_red", (90, 0, 0), (0, 0, 236)),
    ("pink_on_equal_grey", (160, 160, 160), (220, 130, 150)),
):
    PLAIN.levels(_name, lambda ink, rng, p=_paper, q=_pen: blend(ink, p, q))  # type: ignore[misc]

# Blur, noise, compression.
for _radius in (2, 6, 10):
    PLAIN.levels(
        f"blur_{_radius}",
        lambda ink, rng, r=_radius: filtered(ink, ImageFilter.GaussianBlur(r)) * -230 + 245,  # type: ignore[misc]
    )
for _sigma in (5, 10, 20, 40):
    PLAIN.levels(
        f"noise_{_sigma}",
        lambda ink, rng, s=_sigma: blend(ink, 220, 40) + rng.normal(0, s, ink.shape),  # type: ignore[misc]
    )
PLAIN.levels("noise_20_bright", lambda ink, rng: blend(ink, 40, 220) + rng.normal(0, 20, ink.shape))
PLAIN.levels(
    "noise_10_pencil", lambda ink, rng: blend(ink, 220, 140) + rng.normal(0, 10, ink.shape)
)
PLAIN.levels(
    "noise_colour",
    lambda ink, rng: blend(ink, (220, 215, 200), (40, 40, 60)) + rng.normal(0, 20, (*ink.shape, 3)),
)


@PLAIN.enter
def salt_and_pepper(ink: Levels, rng: np.random.Generator) -> bytes:
    levels, chance = blend(ink), rng.random(ink.shape)
    levels[chance < 0.02], levels[chance > 0.98] = 0, 255
    return encode(grey(levels))


@PLAIN.enter
def dust(ink: Levels, rng: np.random.Generator) -> bytes:
    image = grey(blend(ink, 245, 20))
    draw = ImageDraw.Draw(image)
    for x, y in rng.integers(0, SIZE, (40, 2)).tolist():
        draw.ellipse((x, y, x + 3, y + 3), fill=60)
    return encode(image)


for _quality in (5, 30, 80):
    PLAIN[f"jpeg_{_quality}"] = lambda ink, rng, q=_quality: encode(  # type: ignore[misc]
        grey(blend(ink, 235, 30)), "JPEG", quality=q
    )

# Kinds of file and of pixels.
for _kind in ("BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG"):
    PLAIN[f"file_{_kind.lower()}"] = lambda ink, rng, k=_kind: encode(grey(blend(ink)), k)  # type: ignore[misc]


def _transparent(ink: Levels, mode: str, pen: int) -> Image.Image:
    bands = [Image.new("L", (SIZE, SIZE), pen)] * (len(mode) - 1)
    return Image.merge(mode, [*bands, grey(ink * 255)])


PLAIN["rgba"] = lambda ink, rng: encode(_transparent(ink, "RGBA", 0))
PLAIN["rgba_white_pen"] = lambda ink, rng: encode(_transparent(ink, "RGBA", 255))
PLAIN["la"] = lambda ink, rng: encode(_transparent(ink, "LA", 0))
PLAIN["palette"] = lambda ink, rng: encode(grey(blend(ink)).convert("P"))
PLAIN["palette_transparent"] = lambda ink, rng: encode(_gif(ink), "GIF", transparency=0)
PLAIN["one_bit"] = lambda ink, rng: encode(grey(blend(ink)).convert("1", dither=Image.Dither.NONE))
PLAIN["sixteen_bit"] = lambda ink, rng: encode(_sixteen(blend(ink) * 257))
PLAIN["twelve_of_sixteen_bit"] = lambda ink, rng: encode(_sixteen(blend(ink, 4095, 200)))
PLAIN["dark_of_sixteen_bit"] = lambda ink, rng: encode(_sixteen(blend(ink, 900, 300)))
PLAIN["sixteen_bit_tiff"] = lambda ink, rng: encode(_sixteen(blend(ink) * 257), "TIFF")


def _gif(ink: Levels) -> Image.Image:
    image = Image.fromarray((ink > 0.5).astype(np.uint8), "P")
    image.putpalette([255, 0, 255, 20, 20, 20])
    return image


def _sixteen(levels: Levels) -> Image.Image:
    return Image.fromarray(np.rint(levels).astype(np.uint16))


for _turn in (2, 3, 4, 5, 6, 7, 8):

    def _turned(ink: Levels, rng: np.random.Generator, turn: int = _turn) -> bytes:
        """The picture stored so that a reader has to turn it as its EXIF entry says."""
        back = {
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }
        exif = Image.Exif()
        exif[0x0112] = turn
        return encode(grey(blend(ink, 240, 30)).transpose(back[turn]), "JPEG", exif=exif)

    PLAIN[f"exif_{_turn}"] = _turned

# Size and place.
for _side, _page in ((28, 28), (56, 56), (100, 100), (28, 400), (40, 800), (28, 1000), (120, 1600)):

    def _small(
        ink: Levels, rng: np.random.Generator, side: int = _side, page: int = _page
    ) -> bytes:
        top, left = rng.integers(0, page - side + 1, 2).tolist()
        return encode(grey(blend(placed(ink, (page, page), (top, left, side)), 250, 20)))

    PLAIN[f"side_{_side}_of_{_page}"] = _small


@PLAIN.enter
def photo_3000(ink: Levels, rng: np.random.Generator) -> bytes:
    page = placed(ink, (SIZE, SIZE), (90, 130, 160))
    image = grey(blend(page, 200, 40)).resize((4000, 3000), Image.Resampling.BILINEAR)
    return encode(image, "JPEG", quality=85)


def _cropped(ink: Levels, margin: int) -> Levels:
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.pad(box, margin)


for _margin in (0, 1, 5, 20):
    PLAIN.levels(f"margin_{_margin}", lambda ink, rng, m=_margin: blend(_cropped(ink, m), 245, 25))  # type: ignore[misc]
PLAIN.levels("margin_0_bright", lambda ink, rng: blend(_cropped(ink, 0), 20, 240))
PLAIN.levels(
    "margin_3_noise",
    lambda ink, rng: blend(_cropped(ink, 3), 220, 40) + rng.normal(0, 8, _cropped(ink, 3).shape),
)
PLAIN.levels("wide_page", lambda ink, rng: blend(placed(ink, (300, 1200), (60, 900, 180)), 250, 20))
PLAIN.levels("tall_page", lambda ink, rng: blend(placed(ink, (1200, 300), (900, 60, 180)), 250, 20))
PLAIN.levels("touching_one_edge", lambda ink, rng: blend(_touching(ink), 245, 25))


def _touching(ink: Levels) -> Levels:
    """The digit at the lower edge of the picture, its last row of ink on the edge."""
    last = np.flatnonzero((ink > 0.5).any(axis=1))[-1]
    return ink[: last + 1]


@PLAIN.enter
def enlarged_pixels(ink: Levels, rng: np.random.Generator) -> bytes:
    small = grey(blend(placed(ink, (28, 28), (0, 0, 28))))
    return encode(small.resize((280, 280), Image.Resampling.NEAREST))


@PLAIN.enter
def eight_pixels(ink: Levels, rng: np.random.Generator) -> bytes:
    """Twelve pixels a side, enlarged smoothly."""
    small = grey(blend(placed(ink, (14, 14), (0, 0, 14))))
    return encode(small.resize((240, 240), Image.Resampling.BICUBIC))


# Strokes and slant.
PLAIN.levels("thin_12", lambda ink, rng: blend(thinned(ink, 12)))
PLAIN.levels("thin_20", lambda ink, rng: blend(thinned(ink, 20)))
PLAIN.levels(
    "thin_small",
    lambda ink, rng: blend(placed(thinned(ink, 20), (SIZE, SIZE), (100, 100, 200)), 240, 60),
)
PLAIN.levels("thick_8", lambda ink, rng: blend(thickened(ink, 8)))
for _degrees in (-15, -8, 8, 15):
    PLAIN.levels(f"rotated_{_degrees}", lambda ink, rng, d=_degrees: blend(rotated(ink, d)))  # type: ignore[misc]
PLAIN.levels("sheared_left", lambda ink, rng: blend(transformed(ink, (1, -0.25, 0, 1))))
PLAIN.levels("sheared_right", lambda ink, rng: blend(transformed(ink, (1, 0.25, 0, 1))))
PLAIN.levels("wide", lambda ink, rng: blend(transformed(ink, (0.8, 0, 0, 1.15))))
PLAIN.levels("narrow", lambda ink, rng: blend(transformed(ink, (1.4, 0, 0, 1))))
