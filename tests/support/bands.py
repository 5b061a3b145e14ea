"""Pictures of a few classes that are easily told apart, each class a bright band at its height."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

SHAPE = (20, 12)


def bands(
    count: int, classes: int = 3, shape: tuple[int, int] = SHAPE
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Images (count, rows, columns) and their labels, which are their number modulo the classes."""
    rng = np.random.default_rng(count)
    labels = (np.arange(count) % classes).astype(np.uint8)
    images = rng.integers(0, 40, (count, *shape), dtype=np.uint8)
    high = shape[0] // classes
    for image, label in zip(images, labels.tolist(), strict=True):
        image[label * high : (label + 1) * high, 2:-2] = 220
    return images, labels


def write_bands(
    folder: Path, count: int, names: tuple[str, ...] = ("apple", "plum", "quince")
) -> None:
    """Write the images as PNG files into a folder for each class."""
    for number, (image, label) in enumerate(zip(*bands(count, len(names)), strict=True)):
        place = folder / names[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
