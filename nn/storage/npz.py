"""NumPy `.npz` archives, written so that a crash leaves the old file and read as hostile input.

Any `numpy.load(path, allow_pickle=False)` reads what this writes. This reader differs in what it
refuses before allocating: object arrays, sizes that do not fit the file, more data than expected.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nn.arrays import Array
from nn.errors import StorageError
from nn.storage.files import open_regular, write_atomically


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write atomically: a temporary file beside `path`, flushed to disk, then renamed onto it.

    Raises `StorageError` where the folder cannot be written; `path` then is as it was.
    """
    content = BytesIO()  # first into memory: an archive is written in hundreds of small pieces
    _write_arrays(content, arrays)
    write_atomically(path, lambda stream: stream.write(content.getbuffer()))


def _write_arrays(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """What `np.savez` writes, without its copies of each array."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                header = np.lib.format.header_data_from_array_1_0(array)
                header["fortran_order"] = False  # `reshape` puts the rows of any array in order
                np.lib.format.write_array_header_1_0(member, header)
                member.write(array.reshape(-1).view(np.uint8).data)


def read_npz(path: Path, *, max_bytes: int) -> dict[str, Array]:
    """The arrays of an archive by name; raises `StorageError`, also above `max_bytes` in all."""
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            members = archive.infolist()
            size = sum(member.file_size for member in members)
            if size > max_bytes:
                raise StorageError(f"{path}: holds more than the {max_bytes:,} bytes allowed")
            if size > path.stat().st_size:  # nothing here is compressed
                raise ValueError(f"declares {size:,} bytes, more than the file has")
            return {
                member.filename.removesuffix(".npy"): _read_array(archive, member)
                for member in members
            }
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    except Exception as error:
        # zipfile and NumPy raise a dozen kinds for damaged data, tokenize.TokenError among them.
        raise StorageError(f"{path}: damaged, or not an .npz file: {error}") from error


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Array:
    content = archive.read(member)  # at most member.file_size bytes, checksum verified
    stream = BytesIO(content)
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"{member.filename}: array format {version}, expected (1, 0)")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    offset = stream.tell()
    if dtype.hasobject or fortran:
        raise ValueError(f"{member.filename}: holds {dtype} objects or Fortran order")
    if math.prod(shape) * dtype.itemsize != len(content) - offset:
        raise ValueError(
            f"{member.filename}: shape {shape} does not fit its {len(content):,} bytes"
        )
    return np.frombuffer(content, dtype, offset=offset).reshape(shape).copy()
