"""MNIST: the IDX file format, the embedded images, splits and preprocessing.

Images stay the bytes they are on disk (47 MB, against 188 MB as float32) and become floating point a
batch at a time.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nn.config import DType, Preprocessing
from nn.errors import ConfigError, DataError

Array = npt.NDArray[Any]

ROWS = COLUMNS = 28
PIXELS = ROWS * COLUMNS
CLASSES = 10

# Names, and SHA-256 of the unpacked embedded files.
IDX_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EMBEDDED = Path(__file__).parent / "datasets" / "mnist"

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
_PIECE = 2**16  # bytes of gzip data that are unpacked at once
_MAX_BYTES = 2**31  # of one unpacked file: 45 times MNIST's largest


@dataclass(frozen=True, slots=True)
class Split:
    """Images, uint8 of shape (n, 784), and their labels, uint8 of shape (n,)."""

    images: Array
    labels: Array

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: slice | Array) -> Split:
        return Split(self.images[index], self.labels[index])


@dataclass(frozen=True, slots=True)
class Dataset:
    """A training and a test split; `sha256` is that of the four unpacked files' digests in order."""

    train: Split
    test: Split
    name: str
    sha256: str


def load_dataset(data_dir: str = "") -> Dataset:
    """The embedded MNIST, or the four standard files of a folder, plain or gzip.

    Raises `DataError` for a file that is missing or damaged, or whose content does not fit the others.
    """
    folder = Path(data_dir).expanduser() if data_dir else EMBEDDED
    if not folder.is_dir():
        raise DataError(f"data folder {folder}: no such folder")
    paths = [_find(folder, name) for name in IDX_FILES]
    files = [_read_hashed(path) for path in paths]
    digests = [digest for _, digest in files]
    if folder == EMBEDDED:
        for path, digest, expected in zip(paths, digests, IDX_FILES.values(), strict=True):
            if digest != expected:
                raise DataError(
                    f"{path}: SHA-256 is {digest}, expected {expected}; reinstall mnist-tui"
                )
    arrays = [array for array, _ in files]
    train = _split(arrays[0], arrays[1], paths[0], paths[1])
    test = _split(arrays[2], arrays[3], paths[2], paths[3])
    name = "MNIST" if folder == EMBEDDED else folder.resolve().name
    return Dataset(train, test, name, hashlib.sha256("".join(digests).encode()).hexdigest())


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DataError(
        f"{folder / name}: no such file, plain or .gz; a data folder holds {', '.join(IDX_FILES)}"
    )


def _split(images: Array, labels: Array, images_path: Path, labels_path: Path) -> Split:
    if images.ndim != 3 or images.shape[1:] != (ROWS, COLUMNS):
        raise DataError(
            f"{images_path}: shape {images.shape}, expected images of {ROWS}x{COLUMNS} pixels"
        )
    if labels.ndim != 1:
        raise DataError(f"{labels_path}: {labels.ndim} dimensions, expected one label an image")
    if len(images) != len(labels):
        raise DataError(
            f"{labels_path}: {len(labels):,} labels for the {len(images):,} images of {images_path.name}"
        )
    if len(images) == 0:
        raise DataError(f"{images_path}: holds no images")
    if labels.max() >= CLASSES:
        at = int(np.argmax(labels >= CLASSES))
        raise DataError(f"{labels_path}: label {at} is {labels[at]}, expected 0 to {CLASSES - 1}")
    return Split(images.reshape(len(images), PIXELS), labels)


def read_idx(path: Path) -> Array:
    """The uint8 array of an IDX file, plain or gzip; raises `DataError`.

    Format (yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the elements, last dimension fastest. The size
    that the header promises is checked before anything of that size is allocated.
    """
    return _read_hashed(path)[0]


def _read_hashed(path: Path) -> tuple[Array, str]:
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from error
    head = next(_unpacked(path, stored, 4 + 4 * 255), b"")
    shape, header_size = _read_header(path, head)
    size = header_size + math.prod(shape)
    if size > _MAX_BYTES:
        raise DataError(
            f"{path}: the header promises {size:,} bytes, more than the {_MAX_BYTES:,} allowed"
        )
    content, filled, sha256 = np.empty(size, np.uint8), 0, hashlib.sha256()
    with ThreadPoolExecutor(1) as hashing:  # beside the unpacking: zlib and hashlib release the GIL
        for piece in _unpacked(path, stored, size + 1):
            content[filled : filled + len(piece)] = np.frombuffer(piece, np.uint8)[: size - filled]
            filled += len(piece)
            hashing.submit(sha256.update, piece)
    if filled > size:
        raise DataError(f"{path}: more than the {size:,} bytes that its header {shape} promises")
    if filled < size:
        raise DataError(f"{path}: {filled:,} bytes, but its header {shape} promises {size:,}")
    content.flags.writeable = False
    return content[header_size:].reshape(shape), sha256.hexdigest()


def _read_header(path: Path, content: bytes) -> tuple[tuple[int, ...], int]:
    if len(content) < 4 or content[:2] != b"\0\0":
        raise DataError(
            f"{path}: not an IDX file: starts with {content[:4]!r}, expected two zero bytes"
        )
    kind, dimensions = content[2], content[3]
    if kind != _UNSIGNED_BYTE:
        raise DataError(f"{path}: IDX element type 0x{kind:02x}, expected 0x08 (unsigned byte)")
    header_size = 4 + 4 * dimensions
    if dimensions == 0 or len(content) < header_size:
        raise DataError(f"{path}: IDX header of {dimensions} dimensions is cut short")
    sizes = np.frombuffer(content, ">u4", count=dimensions, offset=4)
    return tuple(int(size) for size in sizes), header_size


def _unpacked(path: Path, stored: bytes, most: int) -> Iterator[bytes]:
    """The content of a file, plain or gzip, piece by piece: all of it, or the first `most` bytes.

    The checksum of gzip data is verified with the last piece.
    """
    if stored[:2] != _GZIP_MAGIC:
        yield stored[:most]
        return
    stream, unpacked = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), 0
    try:
        for start in range(0, len(stored), _PIECE):
            piece = stream.decompress(stored[start : start + _PIECE], most - unpacked)
            unpacked += len(piece)
            yield piece
            if unpacked == most or stream.eof:
                return
    except zlib.error as error:
        raise DataError(f"{path}: damaged gzip data: {error}") from error
    raise DataError(f"{path}: gzip data is cut short after {unpacked:,} bytes")


def stratified_split(
    labels: Array, fraction: float, *, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Sorted indices of (training, validation), `fraction` of each class going to validation.

    Raises `ConfigError` where that leaves either side empty.
    """
    chosen = []
    for label in range(CLASSES):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen.append(members[: round(fraction * len(members))])
    held_out = np.zeros(len(labels), bool)
    held_out[np.concatenate(chosen)] = True
    if held_out.all() or not held_out.any():
        rule = (
            f"leaves no {'training' if held_out.all() else 'validation'} images of {len(labels):,}"
        )
        raise ConfigError(
            f"validation={fraction}: {rule}; take another fraction", field="validation"
        )
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


@dataclass(frozen=True, slots=True)
class Preprocessor:
    """The affine map from bytes to network inputs, x * scale + shift.

    `scale` and `shift` have shape () or, for min-max scaling, (784,); `shift` is None where it is zero.
    """

    scale: Array
    shift: Array | None

    @classmethod
    def fit(cls, kind: Preprocessing, images: Array, dtype: DType) -> Preprocessor:
        """Fit on training images, uint8 of shape (n, 784).

        unit: x / 255. standardize: (x - mean) / std with the mean and standard deviation of all pixels of all
        images. minmax: (x - min) / (max - min) pixel by pixel; a pixel that never varies becomes 0.
        """
        if kind == "unit":
            return cls(np.array(1 / 255, dtype), None)
        scale: Array
        shift: Array
        if kind == "standardize":
            counts = np.zeros(256, np.int64)
            for block in np.array_split(images, max(1, len(images) // 1000)):
                counts += np.bincount(block.ravel(), minlength=256)
            mean = np.average(np.arange(256), weights=counts)
            std = math.sqrt(np.average((np.arange(256) - mean) ** 2, weights=counts)) or 1.0
            scale, shift = np.array(1 / std), np.array(-mean / std)
        else:
            low = images.min(axis=0).astype(np.float64)
            extent = images.max(axis=0) - low
            scale = np.divide(1.0, extent, out=np.zeros(images.shape[1]), where=extent > 0)
            shift = -low * scale
        return cls(scale.astype(dtype), shift.astype(dtype))

    def transform(self, images: Array, out: Array | None = None) -> Array:
        """Network inputs from uint8 images, written to `out` where given."""
        if out is None:
            out = np.empty(images.shape, self.scale.dtype)
        np.copyto(out, images)  # first the type, then the scale: faster than both at once
        out *= self.scale
        if self.shift is not None:
            out += self.shift
        return out
