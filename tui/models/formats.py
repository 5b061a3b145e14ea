"""Reading arrays by name from the files of other programs.

The content decides on the format, not the name of the file. A pickle is never loaded, because
loading one executes code. Whatever is read may be damaged or hostile: sizes are checked before
anything of that size is allocated.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from nn.arrays import Array
from nn.errors import StorageError, reason_of
from nn.storage.files import open_regular, read_at_most
from nn.storage.run_lookup import weights_beside
from tui.formatting import on_one_line
from tui.models.contents import MAX_BYTES, Contents, Named
from tui.models.metadata import exported_network
from tui.models.torch_state import from_torch_state

# The safetensors types that NumPy has; BF16 is converted.
_SAFETENSORS_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U8": "u1",
}  # fmt: skip
_MAX_HEADER_BYTES = 2**20  # of safetensors, whose JSON takes many times its size in memory
_HDF5, _ZIP, _NPY = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x93NUMPY"
_PICKLE = b"\x80"  # the first byte of a pickle since protocol 2

_PICKLE_REMEDY = (
    "a pickle, which is not loaded because that would execute it; in the program that made it save"
    " with np.savez('model.npz', **params), or"
    " safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"
)
_PICKLE_SUFFIXES = (".pkl", ".pickle", ".pt", ".pth")


def read_contents(path: Path) -> Contents:
    """The arrays of a file; raises `StorageError`, and `ImportError` where a package is missing."""
    content = _content(path)
    try:
        found = _read(path, content)
    except StorageError as error:
        raise StorageError(on_one_line(str(error))) from error
    except ImportError:
        raise
    except Exception as error:
        # Libraries raise a dozen kinds of exceptions for damaged data.
        reason = on_one_line(str(error))[:200]
        raise StorageError(f"{path}: damaged, or of no known format: {reason}") from error
    # Names are shown in messages, and must not control a terminal.
    return replace(found, arrays={on_one_line(name): a for name, a in found.arrays.items()})


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as stream:
            content = read_at_most(stream, MAX_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{path}: {reason_of(error)}") from error
    if len(content) > MAX_BYTES:
        raise StorageError(f"{path}: more than the {MAX_BYTES:,} bytes allowed")
    if not content:
        raise StorageError(f"{path}: damaged: the file is empty")
    return content


def _read(path: Path, content: bytes) -> Contents:
    suffix = path.suffix.lower()
    if content.startswith(_HDF5):
        from tui.models.libraries import read_hdf5

        return read_hdf5(path, content)
    if content.startswith(_ZIP):
        return _archive(path, content)
    if content.startswith(_NPY):
        raise StorageError(
            f"{path}: a single array; save all weights in one file:"
            " np.savez('model.npz', W1=W1, b1=b1, ...)"
        )
    if _is_safetensors(content):
        return _safetensors(path, content)
    if content.startswith(_PICKLE) or suffix in _PICKLE_SUFFIXES:
        raise StorageError(f"{path}: {_PICKLE_REMEDY}")
    if suffix == ".onnx":
        from tui.models.libraries import read_onnx

        return read_onnx(path, content)
    if weights := weights_beside(path):
        raise StorageError(
            f"{path}: has no weights; those of the run to which it belongs are in"
            f" {path.parent / weights[0]}"
        )
    raise StorageError(
        f"{path}: damaged, or of no known format; known are npz, safetensors, Keras (.keras, .h5)"
        " and ONNX (.onnx)"
    )


def _archive(path: Path, content: bytes) -> Contents:
    """An `.npz`, a `.keras` archive, or PyTorch's own format, which holds a pickle."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise StorageError(f"{path}: unpacks to more than the {MAX_BYTES:,} bytes allowed")
        names = [member.filename for member in members]
        if any(name.endswith(".pkl") for name in names):
            raise StorageError(f"{path}: {_PICKLE_REMEDY}")
        if "model.weights.h5" in names:
            from tui.models.libraries import read_hdf5

            settings = archive.read("config.json") if "config.json" in names else b""
            return read_hdf5(path, archive.read("model.weights.h5"), settings.decode())
        arrays = {}
        for name in names:
            if name.endswith(".npy"):
                arrays[name.removesuffix(".npy")] = _npy(path, name, archive.read(name))
    return Contents(arrays)


def _npy(path: Path, name: str, content: bytes) -> Array:
    """One array; its shape is compared with its bytes before it is allocated."""
    stream = BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read: Callable[[Any], Any] = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise StorageError(f"{path}: {name} holds Python objects: {_PICKLE_REMEDY}")
    if math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError(f"{name}: shape {shape} does not fit its bytes")
    array: Array = np.load(BytesIO(content), allow_pickle=False)
    return array


def _is_safetensors(content: bytes) -> bool:
    length = int.from_bytes(content[:8], "little")
    return len(content) > 10 and length <= len(content) - 8 and content[8:9] == b"{"


def _safetensors(path: Path, content: bytes) -> Contents:
    """Format: nn.storage.safetensors."""
    length = int.from_bytes(content[:8], "little")
    if length > _MAX_HEADER_BYTES:
        raise StorageError(f"{path}: its header has more than {_MAX_HEADER_BYTES:,} bytes")
    header, data = json.loads(content[8 : 8 + length]), memoryview(content)[8 + length :]
    about = header.pop("__metadata__", {})
    arrays: Named = {}
    read = 0
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        shape = tuple(int(size) for size in entry["shape"])
        read += end - start
        if not 0 <= start <= end <= len(data) or read > len(data):
            raise ValueError(f"{name} lies outside the file, or over another array")
        if entry["dtype"] == "BF16":  # the upper half of a float32
            halves = np.frombuffer(data[start:end], "<u2").astype(np.uint32) << 16
            arrays[name] = halves.view(np.float32).reshape(shape)
        elif entry["dtype"] in _SAFETENSORS_TYPES:
            kind = np.dtype(_SAFETENSORS_TYPES[entry["dtype"]])
            arrays[name] = np.frombuffer(data[start:end], kind).reshape(shape)
        else:
            raise StorageError(
                f"{path}: {name} has the type {str(entry['dtype'])[:20]!r}; known are BF16,"
                f" {', '.join(_SAFETENSORS_TYPES)}"
            )
    named = from_torch_state(arrays) if "module" in about else arrays
    return Contents(arrays, network=exported_network(path, about, named))
