"""Files of arrays: all of one at once, and with members replaced, as damage or malice would."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.storage.npz import open_npz


def npy(header: bytes, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


def array_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def rewrite(source: Path, target: Path, changed: dict[str, bytes | None]) -> Path:
    """A copy of a model file with members replaced or, where None, left out."""
    with zipfile.ZipFile(source) as original, zipfile.ZipFile(target, "w") as copy:
        content = {info.filename: original.read(info) for info in original.infolist()}
        for name, member in (content | changed).items():
            if member is not None:
                copy.writestr(name, member)
    return target


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of an archive by name."""
    with open_npz(path, max_bytes=2**30) as reader:
        return {name: reader.read(name) for name in reader.names}
