"""Picture files read as grey levels."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from nn.errors import DataError, reason_of

Levels = npt.NDArray[np.float32]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
_REDUCED, _MASK = 1, 4  # bits of a TIFF's tag NewSubfileType, for what is no page of its own
_LARGEST = 1000  # pixels a side that are worth looking at
# A damaged file raises more than OSError: SyntaxError for PNG, and others within the decoders.
_DAMAGED = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    struct.error,
)
# The luminance of red, green and blue as ITU-R BT.601 weights them, which Pillow's "L" follows.
_LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
# How many times the spread of luminance another mixture of the colours must have to be looked at.
_MORE_COLOUR = 2.0


class NotAPictureError(DataError):
    """The content is of no kind that is read."""


def levels_of_file(file: BinaryIO, place: int = 0) -> tuple[Levels, float]:
    """The grey levels of a picture file from 0 to 255, and the factor by which it was reduced.

    The kind of file is known by its content. `place` is one of `places_of_pages`. Raises
    `DataError`.
    """
    with _opened(file) as image:
        if place:
            image.seek(place)
        return _levels(image)


def first_of_file(file: BinaryIO) -> tuple[Levels, float, bool]:
    """The first picture of a file as `levels_of_file` has it, and whether the file holds more."""
    with _opened(file) as image:
        levels, scale = _levels(image)
        return levels, scale, _is_animated(image) or len(_places(image)) > 1


def places_of_pages(file: BinaryIO) -> list[int]:
    """Where a picture file has its pages, of which only a TIFF may have several.

    What a TIFF declares to be a mask, or another page in a reduced size, is none. Pages that cannot
    be read count, so that whoever reads them is told; nothing is known of what follows a damaged
    one. Raises `DataError` where not even the first can be opened.
    """
    with _opened(file) as image:
        return _places(image)


def is_animation(file: BinaryIO) -> bool:
    """Whether a picture file moves, as GIF, PNG and WebP may; raises `DataError`."""
    with _opened(file) as image:
        return _is_animated(image)


@contextmanager
def _opened(file: BinaryIO) -> Iterator[Image.Image]:
    """The picture in a file; whatever opening and decoding raise becomes a `DataError`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of an image too large to be honest; take that for an error.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                yield image
    except UnidentifiedImageError as error:
        raise NotAPictureError(
            "neither a picture (PNG, JPEG, WebP, GIF, BMP, TIFF, PGM) nor a text grid"
        ) from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DataError("too many pixels") from error
    except MemoryError as error:
        raise DataError("too large for the memory") from error
    except _DAMAGED as error:
        reason = reason_of(error) if isinstance(error, OSError) else error
        raise DataError(str(reason) or "damaged picture") from error


def _is_animated(image: Image.Image) -> bool:
    return image.format != "TIFF" and getattr(image, "is_animated", False)


def _places(image: Image.Image) -> list[int]:
    if image.format != "TIFF":
        return [0]
    pages = []
    for place in count():
        try:
            image.seek(place)
            kind = image.getexif().get(ExifTags.Base.NewSubfileType, 0)
            if not kind & (_REDUCED | _MASK):
                pages.append(place)
        except EOFError:
            break
        except SyntaxError:  # a page of a kind that is not read; those after it may be
            pages.append(place)
        except _DAMAGED:
            pages.append(place)
            break
    return pages or [0]


def _levels(image: Image.Image) -> tuple[Levels, float]:
    image.draft("RGB" if image.mode != "L" else "L", (_LARGEST, _LARGEST))
    longest = max(image.size)
    turned = ImageOps.exif_transpose(image)
    if turned.has_transparency_data:
        turned = _on_paper(turned.convert("RGBA"))
    if turned.mode.startswith(("I", "F")):
        levels = _reduced(_of_full_range(np.asarray(turned, np.float32)))
    elif turned.mode in ("1", "L"):
        levels = np.asarray(_thumbnail(turned.convert("L")), np.float32)
    else:
        levels = _mixed(np.asarray(_thumbnail(turned.convert("RGB")), np.float32))
    return levels, longest / max(levels.shape)


def _thumbnail(image: Image.Image) -> Image.Image:
    scale = max(image.size) / _LARGEST
    if scale <= 1:
        return image
    width, height = (max(1, round(length / scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BOX, reducing_gap=2.0)


def _reduced(levels: Levels) -> Levels:
    return np.asarray(_thumbnail(Image.fromarray(levels)), np.float32)


def _on_paper(image: Image.Image) -> Image.Image:
    """A drawing on transparent ground put on paper: dark ink on white, bright ink on black."""
    grey, alpha = (
        np.asarray(band, np.float64) for band in (image.convert("L"), image.getchannel("A"))
    )
    paper = "white" if np.average(grey, weights=alpha + 1e-9) < 128 else "black"
    return Image.alpha_composite(Image.new("RGBA", image.size, paper), image).convert("RGB")


def _of_full_range(levels: Levels) -> Levels:
    """Levels of 16 bits or more, from 0 to 255 within the bits that the picture uses.

    Cameras and scanners write 10, 12 or 14 bits into files of 16.
    """
    levels = np.nan_to_num(levels, nan=0.0, posinf=0.0, neginf=0.0)
    levels = levels - min(0.0, float(levels.min()))
    highest = float(levels.max())
    if highest <= 1:
        return levels * 255
    bits = max(8, int(np.ceil(np.log2(highest + 1))))
    return levels * np.float32(255 / (2**bits - 1))


def _mixed(colours: npt.NDArray[np.float32]) -> Levels:
    """Luminance, or the mixture of the colours that varies most where luminance hardly varies."""
    luminance: Levels = colours @ _LUMINANCE
    step = max(1, max(colours.shape) // 200)
    sample = colours[::step, ::step].reshape(-1, 3)
    if (np.ptp(sample, axis=1) < 8).all():
        return luminance
    covariance = np.cov(sample, rowvar=False)
    axis = np.linalg.eigh(covariance)[1][:, -1]
    axis = axis / np.abs(axis).sum() * (1 if axis @ _LUMINANCE >= 0 else -1)
    if axis @ covariance @ axis < _MORE_COLOUR**2 * (_LUMINANCE @ covariance @ _LUMINANCE):
        return luminance
    mixture: Levels = colours @ axis.astype(np.float32)
    lowest = min(0.0, float(mixture.min()))
    return np.asarray(mixture - lowest, np.float32)
