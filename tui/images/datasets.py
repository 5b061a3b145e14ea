"""Datasets of any kind: what `nn.data` reads, and folders of pictures, which need Pillow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from nn.data import dataset as datasets
from nn.data.dataset import Dataset
from nn.errors import DataError, reason_of
from nn.spec import MNIST

Pixels = npt.NDArray[np.uint8]

MOST_BYTES = 2**31  # of all pictures of a dataset
LARGEST = 128  # pixels a side, to which larger pictures are reduced

_reading = Lock()


def load_dataset(data_dir: str = "") -> Dataset:
    """The embedded MNIST, or the images of a folder or file; raises `DataError`.

    The embedded images do not change, so all threads of a process share one reading of them.
    """
    return datasets.load_dataset(data_dir, read_pictures) if data_dir else load_once()


def load_once(data_dir: str = "") -> Dataset:
    """As `load_dataset`, for a process in whose life no folder changes: each is read once."""
    with _reading:
        return _read_once(data_dir)


@cache
def _read_once(data_dir: str) -> Dataset:
    return datasets.load_dataset(data_dir, read_pictures)


def read_pictures(paths: Sequence[Path]) -> tuple[npt.NDArray[Any], str]:
    """Pictures as one array, uint8 (n, rows, columns), and what was done to them.

    Of a file that holds several, the first is taken. All get the size that at least half of them
    have, or else that of MNIST's images. Raises `DataError` that names the file at fault.
    """
    pictures, reduced, cut, held = [], 0, 0, 0
    for path in paths:
        levels, was_reduced, holds_more = _read(path)
        pictures.append(levels)
        reduced += was_reduced
        cut += holds_more
        held += levels.size
        if held > MOST_BYTES:
            raise DataError(f"{path}: the pictures so far take {held:,} bytes, too many to hold")
    sizes = Counter(picture.shape for picture in pictures)
    (size, count), *_ = sizes.most_common(1)
    if 2 * count < len(pictures):
        size = MNIST.shape
    if len(pictures) * size[0] * size[1] > MOST_BYTES:
        raise DataError(f"{paths[0].parent}: {len(pictures):,} pictures are too many to hold")
    from tui.images.resizing import fitted

    images = np.empty((len(pictures), *size), np.uint8)
    for place, picture in enumerate(pictures):
        images[place] = picture if picture.shape == size else fitted(picture, size)
    return images, _remark(sizes, size, reduced, cut)


def _remark(sizes: Counter[tuple[int, ...]], size: tuple[int, ...], reduced: int, cut: int) -> str:
    words = []
    if cut:
        files = "1 file has" if cut == 1 else f"{cut:,} files have"
        words.append(f"{files} several pages or frames, of which only the first is used")
    if reduced:
        words.append(f"{reduced:,} pictures reduced to {LARGEST} pixels a side")
    other = sum(count for found, count in sizes.items() if found != size)
    if other:
        shown = sorted(found for found in sizes if found != size)
        first, last = (f"{found[1]}x{found[0]}" for found in (shown[0], shown[-1]))
        span = first if first == last else f"{first} to {last}"
        words.append(f"{other:,} pictures of other sizes ({span}) fitted into {size[1]}x{size[0]}")
    return "; ".join(words)


def _read(path: Path) -> tuple[Pixels, bool, bool]:
    """The picture of a file, whether it was reduced, and whether the file holds more of them."""
    from PIL import Image

    from tui.images.files import NotAPictureError, first_of_file

    try:
        with path.open("rb") as file:
            levels, scale, holds_more = first_of_file(file)
    except NotAPictureError as error:
        raise DataError(
            f"{path}: not a picture (PNG, JPEG, WebP, GIF, BMP, TIFF, PGM); take it away or repair"
            " it"
        ) from error
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}") from error
    except DataError as error:
        raise DataError(f"{path}: damaged: {error}; take it away or repair it") from error
    pixels = np.rint(levels).clip(0, 255).astype(np.uint8)
    longest = max(pixels.shape)
    if longest <= LARGEST:
        return pixels, scale > 1, holds_more
    rows, columns = (max(1, round(side * LARGEST / longest)) for side in pixels.shape)
    image = Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BOX)
    return np.asarray(image), True, holds_more
