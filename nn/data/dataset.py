"""MNIST: the embedded images, folders with the four files of other data, and splits.

Images stay the bytes that they are on disk (47 MB, against 188 MB as float32); each batch is
converted to floating point when it is needed.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.data.idx import read_idx
from nn.errors import ConfigError, DataError
from nn.spec import MNIST, DataSpec

# The names of the four files, each with the SHA-256 of the unpacked embedded file.
IDX_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EMBEDDED = Path(__file__).parent / "mnist"


@dataclass(frozen=True, slots=True)
class Split:
    """Images, uint8 of shape (n, pixels), and their labels, uint8 of shape (n,).

    A pixel of MNIST is 0 for background to 255 for full ink, rows from the top. What a label stands
    for is in `spec`. An index (slice or array of indices) gives the split of those images.
    """

    images: Array
    labels: Array
    spec: DataSpec = MNIST

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Array) -> Split:
        return Split(self.images[index], self.labels[index], self.spec)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A training and a test split.

    `sha256` is the SHA-256 of the four hexadecimal SHA-256 digests of the unpacked files, joined in
    the order of `IDX_FILES`.
    """

    train: Split
    test: Split
    name: str
    sha256: str

    @property
    def spec(self) -> DataSpec:
        """The size of the images and the names of the classes."""
        return self.train.spec


def load_dataset(data_dir: str = "") -> Dataset:
    """The embedded MNIST, or the four standard files of a folder, each plain or gzip.

    Raises `DataError` for a folder or file that is missing, unreadable or damaged, and for files
    that do not belong together.
    """
    folder = _folder(data_dir) if data_dir else EMBEDDED
    paths = [_find(folder, name) for name in IDX_FILES]
    arrays, digests = zip(*map(read_idx, paths), strict=True)
    if folder == EMBEDDED:
        for path, digest, expected in zip(paths, digests, IDX_FILES.values(), strict=True):
            if digest != expected:
                raise DataError(
                    f"{path}: SHA-256 is {digest}, expected {expected}; reinstall mnist-tui"
                )
    train = _split(arrays[0], arrays[1], paths[0], paths[1])
    test = _split(arrays[2], arrays[3], paths[2], paths[3])
    name = "MNIST" if folder == EMBEDDED else folder.resolve().name
    return Dataset(train, test, name, hashlib.sha256("".join(digests).encode()).hexdigest())


_LAYOUT = f"a data folder holds {', '.join(IDX_FILES)}, each plain or .gz"


def _folder(data_dir: str) -> Path:
    try:
        folder = Path(data_dir).expanduser()
        mode = folder.stat().st_mode
    except FileNotFoundError as error:
        raise DataError(f"data folder {folder}: no such folder") from error
    except RuntimeError as error:
        reason = "the home that ~ stands for is not known; give the whole path"
        raise DataError(f"data folder {data_dir}: {reason}") from error
    except OSError as error:
        raise DataError(f"data folder {folder}: {error.strerror or error}") from error
    if not stat.S_ISDIR(mode):
        raise DataError(f"data folder {folder}: not a folder; {_LAYOUT}")
    return folder


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            continue
        except OSError as error:
            raise DataError(f"{path}: {error.strerror or error}") from error
        if not stat.S_ISREG(mode):  # a pipe would be waited for without end
            raise DataError(f"{path}: not a regular file")
        return path
    raise DataError(f"{folder / name}: no such file, plain or .gz; {_LAYOUT}")


def _split(images: Array, labels: Array, images_path: Path, labels_path: Path) -> Split:
    if images.ndim != 3 or images.shape[1:] != MNIST.shape:
        raise DataError(
            f"{images_path}: shape {images.shape}, expected images of {MNIST.size} pixels"
        )
    if labels.ndim != 1:
        raise DataError(f"{labels_path}: {labels.ndim} dimensions, expected one label an image")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels):,} labels for the {len(images):,} images of"
            f" {images_path.name}"
        )
    if len(images) == 0:
        raise DataError(f"{images_path}: holds no images")
    if labels.max() >= MNIST.classes:
        at = int(np.argmax(labels >= MNIST.classes))
        raise DataError(
            f"{labels_path}: label {at} is {labels[at]}, expected 0 to {MNIST.classes - 1}"
        )
    return Split(images.reshape(len(images), MNIST.pixels), labels)


def stratified_split(
    labels: Array, fraction: float, *, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Sorted indices of the training and of the validation images, drawn with `rng`.

    Of the n images of each class, round(fraction * n) are held out for validation. Raises
    `ConfigError` where that leaves either side empty.
    """
    chosen = []
    for label in range(int(labels.max(initial=0)) + 1):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(members[: round(fraction * len(members))])
    held_out = np.zeros(len(labels), bool)
    held_out[np.concatenate(chosen)] = True
    if held_out.all() or not held_out.any():
        empty = "training" if held_out.all() else "validation"
        raise ConfigError(
            f"validation={fraction}: leaves no {empty} images of {len(labels):,};"
            " take another fraction",
            field="validation",
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
