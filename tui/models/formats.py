"""Reading arrays by name from the files of other programs: npz, safetensors, HDF5, Keras and ONNX.

The content decides on the format, not the name. A pickle is never loaded, because loading one executes code. Whatever
is read may be damaged or hostile: sizes are checked before anything of that size is allocated.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from nn.arrays import Array
from nn.errors import StorageError
from nn.storage.files import open_regular

MAX_BYTES = 2**30
_SAFETENSORS_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1", "U8": "u1",
}  # fmt: skip
_HDF5, _ZIP, _PICKLE_PROTOCOL = b"\x89HDF\r\n\x1a\n", b"PK\x03\x04", b"\x80"

Named = dict[str, Array]


def read_arrays(path: Path) -> Named:
    """The arrays of a file by name; raises `StorageError` with the way out where there is one."""
    content = _content(path)
    try:
        if content.startswith(_HDF5):
            return _hdf5(content)
        if content.startswith(_ZIP):
            return _archive(path, content)
        if content.startswith(b"\x93NUMPY"):
            raise StorageError(
                f"{path}: a single array; save all weights in one file: np.savez('model.npz', W1=W1, b1=b1, ...)"
            )
        if _is_safetensors(content):
            return _safetensors(content)
        if content.startswith(_PICKLE_PROTOCOL) or path.suffix.lower() in (".pkl", ".pickle"):
            raise StorageError(f"{path}: {_PICKLE_REMEDY}")
        return _onnx(path, content)
    except StorageError:
        raise
    except ImportError:
        raise
    except Exception as error:
        # Libraries raise a dozen kinds of exceptions for damaged data.
        reason = " ".join(str(error).split())[:200]
        raise StorageError(f"{path}: damaged, or of no known format: {reason}") from error


_PICKLE_REMEDY = (
    "a pickle, which is not loaded because that would execute it; in the program that made it save with"
    " np.savez('model.npz', **params), or safetensors.torch.save_file(model.state_dict(), 'model.safetensors')"
)


def _content(path: Path) -> bytes:
    try:
        with open_regular(path) as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise StorageError(f"{path}: more than the {MAX_BYTES:,} bytes allowed")
    if not content:
        raise StorageError(f"{path}: an empty file, not a model")
    return content


def _archive(path: Path, content: bytes) -> Named:
    """An `.npz`, a `.keras` archive, or PyTorch's own format, which holds a pickle and is refused."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > MAX_BYTES:
            raise StorageError(f"{path}: unpacks to more than the {MAX_BYTES:,} bytes allowed")
        names = [member.filename for member in members]
        if any(name.endswith(".pkl") for name in names):
            raise StorageError(f"{path}: {_PICKLE_REMEDY}")
        weights = next((name for name in names if name.endswith("model.weights.h5")), None)
        if weights is not None:
            return _hdf5(archive.read(weights))
        arrays = {}
        for name in names:
            if name.endswith(".npy"):
                arrays[name.removesuffix(".npy")] = _npy(path, name, archive.read(name))
    return arrays


def _npy(path: Path, name: str, content: bytes) -> Array:
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


def _safetensors(content: bytes) -> Named:
    """Format: nn.storage.safetensors."""
    length = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8 : 8 + length]), memoryview(content)[8 + length :]
    arrays = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = entry["data_offsets"]
        shape = tuple(int(size) for size in entry["shape"])
        if entry["dtype"] == "BF16":  # the upper half of a float32
            halves = np.frombuffer(data[start:end], "<u2").astype(np.uint32) << 16
            arrays[name] = halves.view(np.float32).reshape(shape)
        else:
            kind = np.dtype(_SAFETENSORS_TYPES[entry["dtype"]])
            arrays[name] = np.frombuffer(data[start:end], kind).reshape(shape)
    return arrays


def _hdf5(content: bytes) -> Named:
    import h5py

    arrays: Named = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "fiu" and "optimizer" not in name:
            if item.nbytes > MAX_BYTES:
                raise ValueError(f"{name} declares {item.nbytes:,} bytes")
            arrays[name] = item[()]

    with h5py.File(BytesIO(content), "r") as file:
        file.visititems(visit)
    return arrays


def _onnx(path: Path, content: bytes) -> Named:
    """The initializers of an ONNX graph of linear layers, with its activations as `activation` and `output`."""
    if path.suffix.lower() != ".onnx":
        raise StorageError(
            f"{path}: of no known format; known are npz, safetensors, Keras (.keras, .h5) and ONNX (.onnx)"
        )
    import onnx
    from onnx import numpy_helper

    graph = onnx.load_model_from_string(content).graph
    known = {"Gemm", "MatMul", "Add", "Mul", "Sub", "Div", "Relu", "Sigmoid", "Tanh", "Softmax", "LogSoftmax",
             "Identity", "Flatten", "Reshape", "Cast", "Constant", "Transpose", "Clip", "ReduceSum"}  # fmt: skip
    unknown = sorted({node.op_type for node in graph.node} - known)
    if unknown:
        raise StorageError(
            f"{path}: has the operators {', '.join(unknown)}; only multilayer perceptrons can be opened"
        )
    return {each.name: numpy_helper.to_array(each) for each in graph.initializer}


def shapes(arrays: Mapping[str, Array]) -> str:
    """The arrays' names and shapes, for a message."""
    listed = [f"{name} {'x'.join(map(str, array.shape))}" for name, array in arrays.items()]
    return ", ".join(listed[:6]) + (", ..." if len(listed) > 6 else "")
