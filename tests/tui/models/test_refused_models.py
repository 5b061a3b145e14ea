"""Files that cannot be opened, or hold no such network: the refusal names the way out."""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from nn.arrays import Array
from nn.data.dataset import Dataset
from nn.errors import StorageError
from tui.models.opening import open_model

Arrays = Mapping[str, Array]


def zipped(members: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return content.getvalue()


def safetensors(entries: Mapping[str, tuple[str, list[int], list[int]]], data: bytes) -> bytes:
    names = ("dtype", "shape", "data_offsets")
    header = json.dumps({n: dict(zip(names, e, strict=True)) for n, e in entries.items()}).encode()
    return len(header).to_bytes(8, "little") + header + data


def overlapping() -> bytes:
    """Two arrays at one place: a small file could name thousands of large ones."""
    entry = ("F32", [4], [0, 16])
    return safetensors({"a": entry, "b": entry}, bytes(16))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.pkl", pickle.dumps({"W1": [1]}), "a pickle, which is not loaded"),
        ("model.pth", pickle.dumps([1]), "safetensors"),
        ("old.pkl", pickle.dumps([1], protocol=0), "a pickle, which is not loaded"),
        ("torch.pt", zipped({"archive/data.pkl": b""}), "a pickle, which is not loaded"),
        ("over.safetensors", overlapping(), "over another array"),
        ("f8.safetensors", safetensors({"W": ("F8_E4M3", [1], [0, 1])}, b"1"), "'F8_E4M3'"),
        ("long.safetensors", (2**21).to_bytes(8, "little") + b"{" * 2**22, "its header has more"),
        ("model.npz", b"", "empty"),
        ("model.txt", b"hello there, this is text", "of no known format"),
        ("model.npy", b"\x93NUMPY\x01\x00", "a single array"),
        ("model.npz", b"PK\x03\x04" + bytes(40), "damaged"),
        ("model.safetensors", (30).to_bytes(8, "little") + b'{"a": 1}' + bytes(40), "damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # archives hold the time of day
)
def test_what_cannot_be_opened(
    name: str, content: bytes, words: str, tmp_path: Path, digits: Dataset
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(StorageError) as refused:
        open_model(tmp_path / name, lambda: digits)
    assert words in str(refused.value)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        (
            {"W1": np.ones((784, 20)), "W2": np.ones((30, 10))},
            "do not lead from 784 inputs to 10 outputs",
        ),
        ({"conv.weight": np.ones((8, 1, 3, 3))}, "a convolution"),
        ({"bn.running_mean": np.ones(20)}, "a normalization layer"),
        ({"b": np.ones(3)}, "no weight matrices"),
        ({"W1": np.full((784, 10), np.nan)}, "not finite"),
        ({"W1": np.full((784, 10), 1e300)}, "not finite"),
        ({"W" + "1" * 5000: np.ones((5, 5))}, "do not lead"),
    ],
)
def test_arrays_that_are_no_such_network(
    arrays: Arrays, words: str, tmp_path: Path, digits: Dataset
) -> None:
    np.savez(tmp_path / "model.npz", allow_pickle=False, **arrays)
    with pytest.raises(StorageError, match=words):
        open_model(tmp_path / "model.npz", lambda: digits)


def test_a_pickle_inside_an_archive_is_not_executed(tmp_path: Path, digits: Dataset) -> None:
    np.savez(tmp_path / "model.npz", W1=np.array([Path("x")], dtype=object))
    with pytest.raises(StorageError, match="Python objects"):
        open_model(tmp_path / "model.npz", lambda: digits)
