"""The IDX file format, plain or gzip."""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from nn.arrays import Array
from nn.errors import DataError

_GZIP_MAGIC = b"\x1f\x8b"
_UNSIGNED_BYTE = 0x08
_PIECE = 2**16  # bytes of gzip data that are unpacked at once
_MAX_BYTES = 2**31  # of one unpacked file: 45 times MNIST's largest


def read_idx(path: Path) -> Array:
    """The uint8 array of an IDX file, plain or gzip; raises `DataError`.

    Format (yann.lecun.com/exdb/mnist): two zero bytes, the element type, the number of dimensions, each
    dimension as a big-endian 32-bit integer, then the elements, last dimension fastest. The size
    that the header promises is checked before anything of that size is allocated.
    """
    return read_hashed(path)[0]


def read_hashed(path: Path) -> tuple[Array, str]:
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
