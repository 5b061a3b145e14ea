"""Files of arrays with members replaced, as damage or malice would."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np


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
