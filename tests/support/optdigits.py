"""Digits of other people: scikit-learn's `load_digits`, 1,797 scans of 8x8 pixels.

They are the test half of "Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak,
UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, under CC BY 4.0. The first
half, up to `CHOSEN_ON`, served for choosing how the shipped network is trained; the second did not.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

CHOSEN_ON = 898
_FILE = Path(__file__).parents[1] / "fixtures" / "optdigits.npz"


def load_optdigits() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Images (1797, 8, 8) with ink from 0 to 16, and their labels."""
    with np.load(_FILE) as arrays:
        return arrays["images"].reshape(-1, 8, 8), arrays["labels"]


def enlarged(image: npt.NDArray[np.uint8], side: int = 80) -> npt.NDArray[np.float32]:
    """Grey levels of a scan as a picture of this side, dark on bright."""
    levels = Image.fromarray(255 - np.rint(image * (255 / 16)).astype(np.uint8))
    resized = levels.resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32)
