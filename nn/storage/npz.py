"""NumPy `.npz` archives: written so that a crash leaves the old file, and read as hostile input.

Any `numpy.load(path, allow_pickle=False)` reads what this writes. This reader differs in what it
refuses before allocating: object arrays, sizes that do not fit the file, more data than expected.
"""

from __future__ import annotations

import math
import os
import struct
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np

from nn.arrays import Array
from nn.errors import StorageError, reason_of
from nn.storage.files import open_regular, write_atomically

_SUFFIX = ".npy"
_PIECE = 2**18  # bytes read at a time, few enough to stay in the cache


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write atomically: a temporary file beside `path`, flushed to disk, then renamed onto it.

    Raises `StorageError` where the folder cannot be written; `path` then is as it was.
    """
    content = BytesIO()  # first into memory: an archive is written in hundreds of small pieces
    _write_arrays(content, arrays)
    write_atomically(path, lambda stream: stream.write(content.getbuffer()))


def _write_arrays(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write what `np.savez` writes, without its copies of each array."""
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}{_SUFFIX}", "w", force_zip64=True) as member:
                header = np.lib.format.header_data_from_array_1_0(array)
                header["fortran_order"] = False  # `reshape` puts the rows of any array in order
                np.lib.format.write_array_header_1_0(member, header)
                member.write(array.reshape(-1).view(np.uint8).data)


class NpzReader:
    """An open archive, from which arrays are read one at a time; `open_npz` makes one."""

    def __init__(self, archive: zipfile.ZipFile, prefix: str = "") -> None:
        self._archive = archive
        self._members = {
            each.filename.removeprefix(prefix).removesuffix(_SUFFIX): each
            for each in archive.infolist()
            if each.filename.startswith(prefix)
        }
        self.names = tuple(self._members)
        self.bytes = sum(member.file_size for member in self._members.values())

    def part(self, prefix: str) -> NpzReader:
        """The arrays whose names begin so, by the rest of their names."""
        return NpzReader(self._archive, prefix)

    def read(self, name: str) -> Array:
        """The array of that name; raises KeyError where there is none."""
        return self._read(name, None)

    def read_into(self, name: str, target: Array) -> None:
        """Read an array to where it is to be, without another copy.

        An array of half precision is widened to the target's floating-point type. Raises KeyError
        where there is none, ValueError where it has another shape or type.
        """
        self._read(name, target)

    def _read(self, name: str, target: Array | None) -> Array:
        member = self._members[name]
        with self._archive.open(member) as stream:
            if (version := np.lib.format.read_magic(stream)) != (1, 0):
                raise ValueError(f"{member.filename}: array format {version}, expected (1, 0)")
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
            if dtype.hasobject or fortran:
                raise ValueError(f"{member.filename}: holds {dtype} objects or Fortran order")
            if math.prod(shape) * dtype.itemsize != member.file_size - stream.tell():
                size = f"{member.file_size:,}"
                raise ValueError(f"{member.filename}: shape {shape} does not fit its {size} bytes")
            if target is None:
                target = np.empty(shape, dtype)
            elif shape == target.shape and dtype == np.float16 and target.dtype.kind == "f":
                half = np.empty(shape, dtype)
                _fill(half, stream)
                target[...] = half
                return target
            elif (shape, dtype) != (target.shape, target.dtype):
                expected = f"{target.dtype} {target.shape}"
                raise ValueError(f"{name} is {dtype} {shape}, expected {expected}")
            _fill(target, stream)
        return target


def _fill(target: Array, stream: IO[bytes]) -> None:
    """Read the elements of a C-contiguous array, and verify the checksum at the stream's end."""
    rest = target.reshape(-1).view(np.uint8).data
    while len(rest):
        piece = stream.read(min(_PIECE, len(rest)))
        if not piece:
            raise ValueError("the file ends inside an array")
        rest[: len(piece)] = piece
        rest = rest[len(piece) :]
    if stream.read(1):
        raise ValueError("an array is longer than its shape")


@contextmanager
def open_npz(path: Path, *, max_bytes: int) -> Iterator[NpzReader]:
    """An archive of at most `max_bytes` bytes; raises `StorageError`.

    So does everything that goes wrong in the block, whatever it raises, for it is due to damage:
    zipfile and NumPy raise a dozen kinds for damaged data, tokenize.TokenError among them.
    """
    try:
        with open_regular(path) as stream, zipfile.ZipFile(stream) as archive:
            reader = NpzReader(archive)
            if len(reader.names) != (told := _told_number(stream)):
                raise ValueError(f"lists {len(reader.names)} arrays, and says that it has {told}")
            if reader.bytes > max_bytes:
                raise StorageError(f"{path}: holds more than the {max_bytes:,} bytes allowed")
            if reader.bytes > path.stat().st_size:  # what is written here is not compressed
                raise ValueError(f"declares {reader.bytes:,} bytes, more than the file has")
            yield reader
    except (StorageError, MemoryError):
        raise
    except OSError as error:
        raise StorageError(f"{path}: {reason_of(error)}") from error
    except Exception as error:
        raise StorageError(f"{path}: damaged, or not an .npz file: {error}") from error


def _told_number(stream: BinaryIO) -> int:
    """How many members an archive without a comment says that it has, in its last 22 bytes.

    `zipfile` does not compare: a damaged length in the list would hide the members after it.
    """
    place = stream.tell()
    stream.seek(-22, os.SEEK_END)
    signature, told = struct.unpack("<4s6xH", stream.read(12))
    stream.seek(place)
    return int(told) if signature == b"PK\x05\x06" else -1
