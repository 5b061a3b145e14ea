"""Pictures of digits as people take and draw them: about a hundred conditions, rendered from MNIST.

Each condition is a function of the digit's coverage, an array (SIZE, SIZE) from 0 for paper to 1
for ink, and of a random generator. It returns the content of a picture file. No condition asks for
a file on disk, so that the pictures can be made anew wherever they are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

Levels = npt.NDArray[np.float64]
Condition = Callable[[Levels, np.random.Generator], bytes]

SIZE = 400  # pixels a side of most pictures

# Conditions under frames, shadows, ruled paper, on desks and cards, for which the goal is 95%.
# For all others the goal is 97%.
HARD: set[str] = set()
CONDITIONS: dict[str, Condition] = {}

_ROWS, _COLUMNS = np.mgrid[0:SIZE, 0:SIZE] / (SIZE - 1.0)


def coverage(digit: npt.NDArray[np.uint8], size: int = SIZE) -> Levels:
    """A digit of 28x28 enlarged smoothly, with edges as sharp as those of a pen."""
    image = Image.fromarray(digit.reshape(28, 28)).resize((size, size), Image.Resampling.BICUBIC)
    share = np.asarray(image, np.float64) / 255
    steep: Levels = np.clip((share - 0.5) * 4 + 0.5, 0, 1)
    return steep


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The content of a file of this kind."""
    content = BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def grey(levels: Levels) -> Image.Image:
    """Levels from 0 to 255 as an image, rounded and clipped."""
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def blend(ink: Levels, paper: Any = 255.0, pen: Any = 0.0) -> Levels:
    """Levels of a pen on paper, each a number, an array or a colour."""
    if any(np.ndim(level) in (1, 3) for level in (paper, pen)):
        ink = ink[..., None]  # colours
    mixed: Levels = np.asarray(paper, np.float64) * (1 - ink) + np.asarray(pen, np.float64) * ink
    return mixed


def _placed(ink: Levels, size: tuple[int, int], box: tuple[int, int, int]) -> Levels:
    """The coverage reduced to `box` (top, left, side) in a picture of this height and width."""
    top, left, side = box
    small = Image.fromarray(ink.astype(np.float32)).resize((side, side), Image.Resampling.BOX)
    page = np.zeros(size)
    page[top : top + side, left : left + side] = np.asarray(small).clip(0, 1)
    return page


def _transformed(ink: Levels, matrix: tuple[float, ...]) -> Levels:
    """The coverage under an affine map, about the centre."""
    a, b, c, d = matrix
    centre = SIZE / 2
    data = (a, b, centre - a * centre - b * centre, c, d, centre - c * centre - d * centre)
    image = Image.fromarray(ink.astype(np.float32))
    moved = image.transform((SIZE, SIZE), Image.Transform.AFFINE, data, Image.Resampling.BILINEAR)
    return np.asarray(moved, np.float64).clip(0, 1)


def _rotated(ink: Levels, degrees: float) -> Levels:
    image = Image.fromarray(ink.astype(np.float32))
    return np.asarray(image.rotate(degrees, Image.Resampling.BILINEAR), np.float64).clip(0, 1)


def _filtered(ink: Levels, chosen: Any) -> Levels:
    return np.asarray(grey(ink * 255).filter(chosen), np.float64) / 255


def thinned(ink: Levels, width: int) -> Levels:
    """Strokes eroded by `width` pixels, but never below their middle line."""
    previous = ink
    for _ in range(width // 4):
        eroded = _filtered(previous, ImageFilter.MinFilter(5))
        opened = _filtered(eroded, ImageFilter.MaxFilter(9))
        previous = np.maximum(eroded, np.where(opened < 0.5, previous, 0))
    return previous


def thickened(ink: Levels, width: int) -> Levels:
    for _ in range(width // 4):
        ink = _filtered(ink, ImageFilter.MaxFilter(5))
    return ink


def texture(rng: np.random.Generator, scale: tuple[int, int], deviation: float) -> Levels:
    """Smooth random grain, `scale` lumps down and across."""
    lumps = rng.normal(0, deviation, scale).astype(np.float32)
    image = Image.fromarray(lumps).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float64)


def wood(rng: np.random.Generator, level: float = 95) -> Levels:
    """A desk of wood: grain along the columns."""
    return level + texture(rng, (6, 90), 14) + texture(rng, (SIZE, SIZE), 5)


def soft_shadow(rng: np.random.Generator, depth: float, blur: float) -> Levels:
    """Light, 1 outside and 1 - depth inside of a shadow that falls across the picture."""
    image = Image.new("L", (SIZE, SIZE), 255)
    corner = int(rng.integers(120, 280))
    ImageDraw.Draw(image).polygon(
        [(corner, 0), (SIZE, 0), (SIZE, SIZE), (corner - 80, SIZE)], fill=0
    )
    image = image.filter(ImageFilter.GaussianBlur(blur))
    return 1 - depth + depth * np.asarray(image, np.float64) / 255


def ruled(
    spacing: int = 60, width: int = 2, *, down: bool = False, slope: float = 0.0, start: int = 40
) -> npt.NDArray[np.bool_]:
    """Where the lines of ruled paper are; with `down`, of squared paper."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    lines: npt.NDArray[np.bool_] = (rows + slope * columns - start) % spacing < width
    return lines | ((columns - start) % spacing < width) if down else lines


def _card(
    ink: Levels, desk: Any, *, tilt: float = 0.0, paper: float = 240, pen: float = 30
) -> Levels:
    """A card with the digit, lying on a desk."""
    side = 290
    shape = np.zeros((SIZE, SIZE))
    shape[55 : 55 + side, 50 : 50 + side] = 1
    small = _placed(ink, (SIZE, SIZE), (60, 55, 280))
    if tilt:
        shape, small = _rotated(shape, tilt), _rotated(small, tilt)
    return blend(shape, desk, blend(small, paper, pen))


def seven(height: int = 60, width: int = 40, thickness: int = 6) -> Levels:
    """A large 7 of ink 255 on paper 0, without margins."""
    levels = np.zeros((height, width))
    levels[:thickness] = 255
    for row in range(height):
        right = width - round((width - thickness) * row / height)
        levels[row, right - thickness : right] = 255
    return levels


def condition(*, hard: bool = False) -> Callable[[Condition], Condition]:
    """Enter a function under its name."""

    def enter(function: Condition) -> Condition:
        _enter(function.__name__, function, hard=hard)
        return function

    return enter


def _enter(name: str, function: Condition, *, hard: bool = False) -> None:
    CONDITIONS[name] = function
    if hard:
        HARD.add(name)


def _levels(name: str, make: Callable[[Levels, np.random.Generator], Levels], **kind: bool) -> None:
    """Enter a condition that makes levels, grey or colour."""
    _enter(name, lambda ink, rng: encode(grey(make(ink, rng))), **kind)


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
    _levels(_name, lambda ink, rng, p=_paper, q=_pen: blend(ink, p, q))  # type: ignore[misc]

# Blur, noise, compression.
for _radius in (2, 6, 10):
    _levels(
        f"blur_{_radius}",
        lambda ink, rng, r=_radius: _filtered(ink, ImageFilter.GaussianBlur(r)) * -230 + 245,  # type: ignore[misc]
    )
for _sigma in (5, 10, 20, 40):
    _levels(
        f"noise_{_sigma}",
        lambda ink, rng, s=_sigma: blend(ink, 220, 40) + rng.normal(0, s, ink.shape),  # type: ignore[misc]
    )
_levels("noise_20_bright", lambda ink, rng: blend(ink, 40, 220) + rng.normal(0, 20, ink.shape))
_levels("noise_10_pencil", lambda ink, rng: blend(ink, 220, 140) + rng.normal(0, 10, ink.shape))
_levels(
    "noise_colour",
    lambda ink, rng: blend(ink, (220, 215, 200), (40, 40, 60)) + rng.normal(0, 20, (*ink.shape, 3)),
)


@condition()
def salt_and_pepper(ink: Levels, rng: np.random.Generator) -> bytes:
    levels, chance = blend(ink), rng.random(ink.shape)
    levels[chance < 0.02], levels[chance > 0.98] = 0, 255
    return encode(grey(levels))


@condition()
def dust(ink: Levels, rng: np.random.Generator) -> bytes:
    image = grey(blend(ink, 245, 20))
    draw = ImageDraw.Draw(image)
    for x, y in rng.integers(0, SIZE, (40, 2)).tolist():
        draw.ellipse((x, y, x + 3, y + 3), fill=60)
    return encode(image)


for _quality in (5, 30, 80):
    _enter(
        f"jpeg_{_quality}",
        lambda ink, rng, q=_quality: encode(grey(blend(ink, 235, 30)), "JPEG", quality=q),  # type: ignore[misc]
    )

# Kinds of file and of pixels.
for _kind in ("BMP", "GIF", "WEBP", "TIFF", "PPM", "JPEG"):
    _enter(
        f"file_{_kind.lower()}",
        lambda ink, rng, k=_kind: encode(grey(blend(ink)), k),  # type: ignore[misc]
    )


def _transparent(ink: Levels, mode: str, pen: int) -> Image.Image:
    bands = [Image.new("L", (SIZE, SIZE), pen)] * (len(mode) - 1)
    return Image.merge(mode, [*bands, grey(ink * 255)])


_enter("rgba", lambda ink, rng: encode(_transparent(ink, "RGBA", 0)))
_enter("rgba_white_pen", lambda ink, rng: encode(_transparent(ink, "RGBA", 255)))
_enter("la", lambda ink, rng: encode(_transparent(ink, "LA", 0)))
_enter("palette", lambda ink, rng: encode(grey(blend(ink)).convert("P")))
_enter("palette_transparent", lambda ink, rng: encode(_gif(ink), "GIF", transparency=0))
_enter("one_bit", lambda ink, rng: encode(grey(blend(ink)).convert("1", dither=Image.Dither.NONE)))
_enter("sixteen_bit", lambda ink, rng: encode(_sixteen(blend(ink) * 257)))
_enter("twelve_of_sixteen_bit", lambda ink, rng: encode(_sixteen(blend(ink, 4095, 200))))
_enter("dark_of_sixteen_bit", lambda ink, rng: encode(_sixteen(blend(ink, 900, 300))))
_enter("sixteen_bit_tiff", lambda ink, rng: encode(_sixteen(blend(ink) * 257), "TIFF"))


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

    _enter(f"exif_{_turn}", _turned)

# Size and place.
for _side, _page in ((28, 28), (56, 56), (100, 100), (28, 400), (40, 800), (28, 1000), (120, 1600)):

    def _small(
        ink: Levels, rng: np.random.Generator, side: int = _side, page: int = _page
    ) -> bytes:
        top, left = rng.integers(0, page - side + 1, 2).tolist()
        return encode(grey(blend(_placed(ink, (page, page), (top, left, side)), 250, 20)))

    _enter(f"side_{_side}_of_{_page}", _small)


@condition()
def photo_3000(ink: Levels, rng: np.random.Generator) -> bytes:
    page = _placed(ink, (SIZE, SIZE), (90, 130, 160))
    image = grey(blend(page, 200, 40)).resize((4000, 3000), Image.Resampling.BILINEAR)
    return encode(image, "JPEG", quality=85)


def _cropped(ink: Levels, margin: int) -> Levels:
    rows, columns = (np.flatnonzero((ink > 0.5).any(axis=axis)) for axis in (1, 0))
    box = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.pad(box, margin)


for _margin in (0, 1, 5, 20):
    _levels(f"margin_{_margin}", lambda ink, rng, m=_margin: blend(_cropped(ink, m), 245, 25))  # type: ignore[misc]
_levels("margin_0_bright", lambda ink, rng: blend(_cropped(ink, 0), 20, 240))
_levels(
    "margin_3_noise",
    lambda ink, rng: blend(_cropped(ink, 3), 220, 40) + rng.normal(0, 8, _cropped(ink, 3).shape),
)
_levels("wide_page", lambda ink, rng: blend(_placed(ink, (300, 1200), (60, 900, 180)), 250, 20))
_levels("tall_page", lambda ink, rng: blend(_placed(ink, (1200, 300), (900, 60, 180)), 250, 20))
_levels("touching_one_edge", lambda ink, rng: blend(_touching(ink), 245, 25))


def _touching(ink: Levels) -> Levels:
    """The digit at the lower edge of the picture, its last row of ink on the edge."""
    last = np.flatnonzero((ink > 0.5).any(axis=1))[-1]
    return ink[: last + 1]


@condition()
def enlarged_pixels(ink: Levels, rng: np.random.Generator) -> bytes:
    small = grey(blend(_placed(ink, (28, 28), (0, 0, 28))))
    return encode(small.resize((280, 280), Image.Resampling.NEAREST))


@condition()
def eight_pixels(ink: Levels, rng: np.random.Generator) -> bytes:
    """Twelve pixels a side, enlarged smoothly."""
    small = grey(blend(_placed(ink, (14, 14), (0, 0, 14))))
    return encode(small.resize((240, 240), Image.Resampling.BICUBIC))


# Strokes and slant.
_levels("thin_12", lambda ink, rng: blend(thinned(ink, 12)))
_levels("thin_20", lambda ink, rng: blend(thinned(ink, 20)))
_levels(
    "thin_small",
    lambda ink, rng: blend(_placed(thinned(ink, 20), (SIZE, SIZE), (100, 100, 200)), 240, 60),
)
_levels("thick_8", lambda ink, rng: blend(thickened(ink, 8)))
for _degrees in (-15, -8, 8, 15):
    _levels(f"rotated_{_degrees}", lambda ink, rng, d=_degrees: blend(_rotated(ink, d)))  # type: ignore[misc]
_levels("sheared_left", lambda ink, rng: blend(_transformed(ink, (1, -0.25, 0, 1))))
_levels("sheared_right", lambda ink, rng: blend(_transformed(ink, (1, 0.25, 0, 1))))
_levels("wide", lambda ink, rng: blend(_transformed(ink, (0.8, 0, 0, 1.15))))
_levels("narrow", lambda ink, rng: blend(_transformed(ink, (1.4, 0, 0, 1))))

# Frames.
for _width in (1, 3, 10, 25):

    def _framed(ink: Levels, rng: np.random.Generator, width: int = _width) -> Levels:
        levels = blend(ink)
        levels[:width] = levels[-width:] = 0
        levels[:, :width] = levels[:, -width:] = 0
        return levels

    _levels(f"frame_{_width}", _framed, hard=True)
    _levels(f"frame_{_width}_bright", lambda i, r, f=_framed: 255 - f(i, r), hard=True)  # type: ignore[misc]


def _inset_frame(ink: Levels, distance: int, width: int, level: int) -> Levels:
    image = grey(blend(ink, 250, 20))
    box = (distance, distance, SIZE - 1 - distance, SIZE - 1 - distance)
    ImageDraw.Draw(image).rectangle(box, outline=level, width=width)
    return np.asarray(image, np.float64)


_levels("frame_inset_10", lambda ink, rng: _inset_frame(ink, 10, 3, 20), hard=True)
_levels("frame_inset_25", lambda ink, rng: _inset_frame(ink, 25, 2, 100), hard=True)
_levels("frame_grey_edge", lambda ink, rng: _inset_frame(ink, 0, 6, 150), hard=True)
_levels(
    "edge_left_dark", lambda ink, rng: np.where(_COLUMNS < 0.05, 30, blend(ink, 240, 20)), hard=True
)
_levels(
    "edges_two_dark",
    lambda ink, rng: np.where((_COLUMNS > 0.95) | (_ROWS > 0.97), 60, blend(ink, 240, 20)),
    hard=True,
)

# Light.
_levels(
    "gradient_255_to_140",
    lambda ink, rng: np.minimum(255 - 115 * _COLUMNS, blend(ink, 255, 20)),
    hard=True,
)
_levels("gradient_255_to_100", lambda ink, rng: blend(ink, 255 - 155 * _COLUMNS, 20), hard=True)
_levels("gradient_down", lambda ink, rng: blend(ink, 240, 40) * (1 - 0.6 * _ROWS), hard=True)
_levels(
    "gradient_diagonal",
    lambda ink, rng: blend(ink, 250, 60) * (1 - 0.3 * (_ROWS + _COLUMNS)),
    hard=True,
)
_levels("gradient_pencil", lambda ink, rng: blend(ink, 240, 150) * (1 - 0.45 * _COLUMNS), hard=True)
_levels("gradient_chalk", lambda ink, rng: blend(ink, 60, 230) * (1 - 0.5 * _COLUMNS), hard=True)
_levels(
    "vignette",
    lambda ink, rng: blend(ink, 240, 50) * (1 - 1.1 * ((_ROWS - 0.5) ** 2 + (_COLUMNS - 0.5) ** 2)),
    hard=True,
)
_levels(
    "corner_shadow",
    lambda ink, rng: np.where(
        _ROWS + _COLUMNS > 1.5, np.minimum(120, blend(ink, 235, 20)), blend(ink, 235, 20)
    ),
    hard=True,
)
_levels(
    "corner_shadow_light",
    lambda ink, rng: blend(ink, 235, 60) * np.where(_ROWS - _COLUMNS > 0.5, 0.6, 1),
    hard=True,
)
_levels(
    "half_shadow",
    lambda ink, rng: blend(ink, 235, 40) * np.where(_COLUMNS > 0.6, 0.6, 1),
    hard=True,
)
_levels("soft_shadow", lambda ink, rng: blend(ink, 235, 40) * soft_shadow(rng, 0.5, 25), hard=True)
_levels("sharp_shadow", lambda ink, rng: blend(ink, 235, 40) * soft_shadow(rng, 0.4, 3), hard=True)
_levels(
    "glare",
    lambda ink, rng: (
        blend(ink, 150, 40) + 100 * np.exp(-((_ROWS - 0.2) ** 2 + (_COLUMNS - 0.75) ** 2) / 0.06)
    ),
    hard=True,
)
_levels(
    "phone_photo",
    lambda ink, rng: (
        _filtered(
            blend(_placed(ink, (SIZE, SIZE), (70, 90, 220)), 210, 60)
            / 255
            * soft_shadow(rng, 0.35, 40),
            ImageFilter.GaussianBlur(1.5),
        )
        * 255
        + texture(rng, (30, 30), 4)
        + rng.normal(0, 6, ink.shape)
    ),
    hard=True,
)

# Papers.
_levels(
    "ruled_light_blue",
    lambda ink, rng: blend(
        ink, np.where(ruled()[..., None], (190, 205, 235), (250, 250, 250)), (35, 35, 35)
    ),
    hard=True,
)
_levels("ruled_dark", lambda ink, rng: blend(ink, np.where(ruled(), 90, 250), 30), hard=True)
_levels(
    "ruled_dark_thick", lambda ink, rng: blend(ink, np.where(ruled(80, 4), 60, 250), 30), hard=True
)
_levels(
    "ruled_slanted",
    lambda ink, rng: blend(ink, np.where(ruled(70, 2, slope=0.05), 120, 245), 30),
    hard=True,
)
_levels(
    "ruled_and_margin",
    lambda ink, rng: blend(
        ink,
        np.where(
            ruled()[..., None],
            (170, 190, 230),
            np.where((abs(_COLUMNS - 0.1) < 0.004)[..., None], (230, 120, 120), (250, 250, 245)),
        ),
        (30, 30, 90),
    ),
    hard=True,
)
_levels(
    "squared",
    lambda ink, rng: blend(ink, np.where(ruled(40, 2, down=True), 190, 250), 30),
    hard=True,
)
_levels(
    "squared_dark",
    lambda ink, rng: blend(ink, np.where(ruled(50, 2, down=True), 110, 250), 20),
    hard=True,
)
_levels(
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
    hard=True,
)
_levels("ruled_pencil", lambda ink, rng: blend(ink, np.where(ruled(), 200, 245), 120), hard=True)
_levels("blackboard_ruled", lambda ink, rng: blend(ink, np.where(ruled(), 110, 40), 230), hard=True)
_levels("paper_grain", lambda ink, rng: blend(ink, 215, 50) + texture(rng, (60, 60), 10), hard=True)
_levels("crumpled", lambda ink, rng: blend(ink, 210, 50) + texture(rng, (7, 7), 20), hard=True)
_levels(
    "stain",
    lambda ink, rng: blend(
        ink, np.where((_ROWS - 0.7) ** 2 + (_COLUMNS - 0.7) ** 2 < 0.07, 190, 240), 30
    ),
    hard=True,
)
_levels(
    "hole_punch",
    lambda ink, rng: np.where(
        (abs(_ROWS - 0.5) - 0.3) ** 2 + (_COLUMNS - 0.05) ** 2 < 0.0005, 40, blend(ink, 245, 30)
    ),
    hard=True,
)

# Desks and cards.
_levels("card_on_dark", lambda ink, rng: _card(ink, 40), hard=True)
_levels("card_on_grey", lambda ink, rng: _card(ink, 130), hard=True)
_levels("card_on_wood", lambda ink, rng: _card(ink, wood(rng)), hard=True)
_levels("card_tilted", lambda ink, rng: _card(ink, wood(rng, 110), tilt=7), hard=True)
_levels("card_tilted_far", lambda ink, rng: _card(ink, 60, tilt=-12), hard=True)
_levels("card_dark_on_bright", lambda ink, rng: _card(ink, 220, paper=50, pen=235), hard=True)
_levels("card_on_white", lambda ink, rng: _card(ink, 255, paper=215, pen=30), hard=True)
_levels("digit_on_wood", lambda ink, rng: blend(ink, wood(rng, 170), 25), hard=True)
_levels(
    "desk_below",
    lambda ink, rng: np.where(_ROWS + 0.1 * _COLUMNS > 0.97, wood(rng, 80), blend(ink, 235, 30)),
    hard=True,
)
_levels(
    "desk_left",
    lambda ink, rng: np.where(_COLUMNS < 0.1, wood(rng, 90), blend(ink, 235, 30)),
    hard=True,
)
