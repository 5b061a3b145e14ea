"""The IDX file format, plain or gzip.

Format (yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of dimensions, each
dimension as a big-endian 32-bit integer, then the elements, last dimension fastest.
"""

from __future__ import annotations

import hashlib
import math
import re
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from nn.arrays import Array
from nn.data.files import packed_by
from nn.errors import DataError, reason_of

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
_OTHER_TYPES = {
    0x09: "signed byte",
    0x0B: "16-bit integer",
    0x0C: "32-bit integer",
    0x0D: "32-bit float",
    0x0E: "64-bit float",
}
_INTEGERS = {_UNSIGNED_BYTE: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4"}
_MAX_HEADER = 4 + 4 * 255  # bytes
_MAX_BYTES = 2**31  # of one unpacked file: 45 times the largest of MNIST
_MAX_EXPANSION = 1032  # bytes that one byte of gzip data can unpack to, by the design of deflate
_PIECE = 2**16  # bytes of gzip data that are unpacked at once
_MAX_PIECE = 2**20  # bytes of their content
_ZEROS = re.compile(rb"\0*")


def read_idx(path: Path, *, integers: bool = False) -> tuple[Array, str]:
    """The uint8 array of an IDX file, read-only, and the SHA-256 of the unpacked file.

    With `integers`, for labels, whole numbers of any size are read. Raises `DataError` for a file
    that cannot be read, is no IDX file of unsigned bytes, or is longer or shorter than its header
    states. The stated size is checked before memory of that size is allocated.
    """
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {reason_of(error)}") from error
    shape, header_size, kind = _read_header(path, stored, integers)
    size = header_size + math.prod(shape) * kind.itemsize
    packed = stored[:2] == _GZIP_MAGIC
    if size > _MAX_BYTES:
        problem = f"the header promises {size:,} bytes, more than the {_MAX_BYTES:,} allowed"
    elif packed and size > len(stored) * _MAX_EXPANSION:
        problem = f"the header promises {size:,} bytes, more than this gzip data can hold"
    else:
        content, sha256 = _unpack(path, stored, size) if packed else _view(stored)
        if len(content) == size:
            return content[header_size:].view(kind).reshape(shape), sha256
        if len(content) > size:
            problem = f"more than the {size:,} bytes that its header {shape} promises"
        else:
            problem = f"{len(content):,} bytes, but its header {shape} promises {size:,}"
    if _fits_reversed(path, stored):
        raise _little_endian(path)
    raise DataError(f"{path}: {problem}")


def _read_header(
    path: Path, stored: bytes, integers: bool
) -> tuple[tuple[int, ...], int, np.dtype[Any]]:
    """The dimensions that a header names, its own length in bytes, and the type of the elements."""
    head = b"".join(_unpacked(path, stored, _MAX_HEADER))
    if len(head) < 4 or head[:2] != b"\0\0":
        if head[2:4] == b"\0\0" and head[1] in (_UNSIGNED_BYTE, *_OTHER_TYPES):
            raise _little_endian(path)
        if program := packed_by(path):
            raise DataError(f"{path}: packed by {program}; unpack it, or pack it by gzip")
        raise DataError(
            f"{path}: not an IDX file: starts with {head[:4]!r}, expected two zero bytes"
        )
    kind, dimensions = head[2], head[3]
    if kind != _UNSIGNED_BYTE and not (integers and kind in _INTEGERS):
        name = f" ({_OTHER_TYPES[kind]})" if kind in _OTHER_TYPES else ""
        raise DataError(
            f"{path}: IDX element type 0x{kind:02x}{name}, expected 0x08 (unsigned byte)"
        )
    header_size = 4 + 4 * dimensions
    if dimensions == 0 or len(head) < header_size:
        raise DataError(f"{path}: IDX header of {dimensions} dimensions is cut short")
    return _dimensions(head, ">u4"), header_size, np.dtype(_INTEGERS[kind])


def _dimensions(head: bytes, kind: str) -> tuple[int, ...]:
    return tuple(map(int, np.frombuffer(head, kind, count=head[3], offset=4)))


def _fits_reversed(path: Path, stored: bytes) -> bool:
    """Whether the dimensions fit the file once the bytes of each are reversed."""
    head = b"".join(_unpacked(path, stored, _MAX_HEADER))
    size = 4 + 4 * head[3] + math.prod(_dimensions(head, "<u4"))
    return size <= _MAX_BYTES and size == sum(map(len, _unpacked(path, stored, size + 1)))


def _little_endian(path: Path) -> DataError:
    return DataError(
        f"{path}: the numbers of its header are little-endian; IDX has them big-endian: reverse the"
        " four bytes of each"
    )


def _view(stored: bytes) -> tuple[Array, str]:
    """The content of a plain file and its SHA-256, without a copy."""
    return np.frombuffer(stored, np.uint8), hashlib.sha256(stored).hexdigest()


def _unpack(path: Path, stored: bytes, size: int) -> tuple[Array, str]:
    """The content of a gzip file, cut after `size` + 1 bytes, and its SHA-256."""
    content, filled, sha256 = np.empty(size + 1, np.uint8), 0, hashlib.sha256()
    # zlib and hashlib release the GIL, so another thread hashes while this one unpacks.
    with ThreadPoolExecutor(1) as hashing:
        for piece in _unpacked(path, stored, size + 1):
            here = content[filled : filled + len(piece)]
            here[...] = np.frombuffer(piece, np.uint8)
            filled += len(piece)
            hashing.submit(sha256.update, here.data)
    content.flags.writeable = False
    return content[:filled], sha256.hexdigest()


def _unpacked(path: Path, stored: bytes, most: int) -> Iterator[bytes]:
    """The first `most` bytes of the content of a file, plain or gzip, piece by piece.

    As gzip does, read the members of a gzip file as one content, and ignore zeros or other bytes
    after the last of them. The checksum of a member is verified with its last piece.
    """
    if stored[:2] != _GZIP_MAGIC:
        yield stored[:most]
        return
    position = unpacked = 0
    while stored.startswith(_GZIP_MAGIC, position):
        member = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        while not member.eof:
            compressed = stored[position : position + _PIECE]
            try:
                piece = member.decompress(compressed, min(most - unpacked, _MAX_PIECE))
            except zlib.error as error:
                raise DataError(f"{path}: damaged gzip data: {error}") from error
            if not (compressed or piece or member.eof):
                raise DataError(f"{path}: gzip data is cut short after {unpacked:,} bytes")
            left = len(member.unused_data) + len(member.unconsumed_tail)
            position += len(compressed) - left
            unpacked += len(piece)
            yield piece
            if unpacked == most:
                return
        if padding := _ZEROS.match(stored, position):
            position = padding.end()
