"""The IDX reader: what it reads, and that anything malformed is a `DataError` and nothing else."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import math
import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from nn.data.idx import read_idx
from nn.errors import DataError
from tests.support.tiny_data import idx_bytes

ARRAYS = nps.arrays(np.uint8, nps.array_shapes(min_dims=1, max_dims=4, max_side=6))
files = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@files
@given(ARRAYS, st.booleans())
def test_round_trip(tmp_path: Path, array: np.ndarray, packed: bool) -> None:
    path = tmp_path / "any name"
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content, 1) if packed else content)
    np.testing.assert_array_equal(read_idx(path)[0], array)


@files
@given(ARRAYS, st.booleans(), st.data())
def test_any_cut_is_refused(
    tmp_path: Path, array: np.ndarray, packed: bool, data: st.DataObject
) -> None:
    content = idx_bytes(array)
    stored = gzip.compress(content, 1) if packed else content
    path = tmp_path / "cut"
    path.write_bytes(stored[: data.draw(st.integers(0, len(stored) - 1))])
    with pytest.raises(DataError, match="cut"):
        read_idx(path)


@files
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "noise"
    for stored in (content, b"\0\0" + content, b"\0\0\x08\x02" + content, b"\x1f\x8b" + content):
        path.write_bytes(stored)
        with suppress(DataError):
            assert idx_bytes(read_idx(path)[0]) == stored


@files
@given(ARRAYS, st.data())
def test_any_flipped_byte_of_a_gzip_file_is_noticed(
    tmp_path: Path, array: np.ndarray, data: st.DataObject
) -> None:
    """Or was one of the header, such as its time stamp, that says nothing of the content."""
    stored = bytearray(gzip.compress(idx_bytes(array), 1))
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "flipped"
    path.write_bytes(stored)
    with suppress(DataError):
        np.testing.assert_array_equal(read_idx(path)[0], array)


def header(*sizes: int) -> bytes:
    return bytes([0, 0, 8, len(sizes)]) + b"".join(size.to_bytes(4, "big") for size in sizes)


MALFORMED = {
    "empty": (b"", "not an IDX file"),
    "text": (b"label,pixel0,pixel1\n5,0,0\n", "not an IDX file"),
    "wrong magic number": (b"\x89PNG\r\n\x1a\n", "not an IDX file"),
    "bzip2": (bz2.compress(header(3)), "packed by bzip2; unpack it, or pack it by gzip"),
    "floats": (bytes([0, 0, 0x0D, 1]) + bytes(4), r"element type 0x0d \(32-bit float\)"),
    "an unknown type": (bytes([0, 0, 0x0A, 1]) + bytes(4), "element type 0x0a, expected"),
    "no dimensions": (bytes([0, 0, 8, 0]), "0 dimensions"),
    "header cut short": (bytes([0, 0, 8, 3, 0, 0]), "cut short"),
    "too short": (header(3) + b"ab", "promises 11"),
    "too long": (header(3) + b"abcd", "more than the 11"),
    "4 billion images": (header(2**32 - 1, 28, 28), "more than"),
    "product beyond 64 bits": (header(*[2**32 - 1] * 4), "more than"),
    "255 dimensions": (bytes([0, 0, 8, 255]) + b"\xff" * 1020, "more than"),
    "gzip of nothing": (gzip.compress(b""), "not an IDX file"),
    "gzip of text": (gzip.compress(b"hello"), "not an IDX file"),
    "gzip, too short": (gzip.compress(header(3) + b"ab"), "promises 11|of 11"),
    "gzip, too long": (gzip.compress(header(3) + b"abcd"), "more than the 11"),
    "gzip of 4 billion images": (gzip.compress(header(2**32 - 1, 28, 28)), "more than"),
    "gzip cut short": (gzip.compress(header(9) + b"123456789")[:-9], "cut short"),
    "gzip, wrong checksum": (gzip.compress(header(1) + b"1")[:-8] + bytes(8), "damaged gzip"),
    "gzip magic only": (b"\x1f\x8b", "cut short|not an IDX file"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files_are_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    content, reason = MALFORMED[name]
    path = tmp_path / "file"
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=reason) as caught:
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def little_endian(magic: bytes, *sizes: int) -> bytes:
    """An IDX file of as many zeros as its sizes demand, these in the wrong byte order."""
    return magic + struct.pack(f"<{len(sizes)}I", *sizes) + bytes(math.prod(sizes))


REVERSED = {
    "images": little_endian(b"\0\0\x08\x03", 600, 28, 28),
    "labels, fewer than 2**31 bytes promised": little_endian(b"\0\0\x08\x01", 600),
    "fewer bytes promised than there are": little_endian(b"\0\0\x08\x01", 0x10000),
    "the magic number too": little_endian(struct.pack("<I", 0x803), 600, 28, 28),
    "of floats": little_endian(struct.pack("<I", 0xD03), 6, 28, 28),
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", REVERSED)
def test_a_little_endian_header_is_named_as_one(tmp_path: Path, name: str, packed: bool) -> None:
    """It was read as a promise of 681,388,784,073,735,211,120,066,576 bytes."""
    path = tmp_path / "reversed"
    path.write_bytes(gzip.compress(REVERSED[name]) if packed else REVERSED[name])
    with pytest.raises(DataError, match="numbers of its header are little-endian"):
        read_idx(path)


def test_a_wrong_size_is_not_taken_for_a_reversed_one(tmp_path: Path) -> None:
    path = tmp_path / "short"
    for content in (header(600) + bytes(599), header(2**31) + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(DataError, match="promises"):
            read_idx(path)


CONTENT = header(1000) + bytes(range(250)) * 4
GZIPS = {
    "two members": gzip.compress(CONTENT[:600]) + gzip.compress(CONTENT[600:]),
    "a member for each byte": b"".join(gzip.compress(bytes([byte])) for byte in CONTENT),
    "an empty member at the end, as bgzip": gzip.compress(CONTENT) + gzip.compress(b""),
    "an empty member first": gzip.compress(b"") + gzip.compress(CONTENT),
    "padded with zeros": gzip.compress(CONTENT) + bytes(100_000),
    "zeros between members": gzip.compress(CONTENT[:9]) + bytes(9) + gzip.compress(CONTENT[9:]),
    "other bytes at the end": gzip.compress(CONTENT) + b"garbage",
    "part of a magic number at the end": gzip.compress(CONTENT) + b"\x1f",
}


@pytest.mark.parametrize("name", GZIPS)
def test_gzip_files_are_read_as_gzip_reads_them(tmp_path: Path, name: str) -> None:
    path = tmp_path / "members.gz"
    path.write_bytes(GZIPS[name])
    array, digest = read_idx(path)
    assert array.tobytes() == CONTENT[8:]
    assert digest == hashlib.sha256(CONTENT).hexdigest()


def test_a_damaged_second_member_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "members.gz"
    second = gzip.compress(CONTENT[600:])
    for damaged, reason in (
        (second[:-3], "cut short"),
        (second[:-8] + bytes(8), "damaged gzip"),
        (second + second, "more than the 1,008 bytes"),
    ):
        path.write_bytes(gzip.compress(CONTENT[:600]) + damaged)
        with pytest.raises(DataError, match=reason):
            read_idx(path)


def test_no_memory_is_taken_for_what_gzip_data_cannot_hold(tmp_path: Path) -> None:
    """A header that promises 2 GB, before a hundred bytes."""
    path = tmp_path / "promise"
    path.write_bytes(gzip.compress(header(2**31 - 9) + bytes(10)))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than this gzip data can hold"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_an_array_is_not_to_be_changed_and_a_plain_file_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    content = header(2_000_000) + bytes(2_000_000)
    for stored, limit in ((content, 2_100_000), (gzip.compress(content), 6_000_000)):
        path.write_bytes(stored)
        tracemalloc.start()
        try:
            array, _ = read_idx(path)
            assert tracemalloc.get_traced_memory()[1] < limit
        finally:
            tracemalloc.stop()
        assert not array.flags.writeable


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """40 MB of zeros behind a header that promises three bytes."""
    path = tmp_path / "bomb"
    with gzip.open(path, "wb") as file:
        file.write(header(3))
        for _ in range(40):
            file.write(bytes(1_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="more than the 11 bytes"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(DataError, match=str(path)):
            read_idx(path)
