"""Writing the safetensors format: the header's length, a JSON header, and the raw numbers.

Source: huggingface/safetensors, README.md, "Format": 8 bytes, little-endian, with the length of the
header; the header, {name: {dtype, shape, data_offsets}}, padded with blanks; then the data,
little-endian, row by row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from nn.arrays import Array
from nn.storage.files import write_atomically

_TYPES = {"float32": "F32", "float64": "F64"}
_ALIGNMENT = 8


def write_safetensors(
    path: Path, tensors: Mapping[str, Array], metadata: Mapping[str, str]
) -> None:
    """Write floating-point arrays by name, atomically; raises `StorageError`."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + tensor.nbytes
        header[name] = {
            "dtype": _TYPES[tensor.dtype.name],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % _ALIGNMENT)

    def write(stream: BinaryIO) -> None:
        stream.write(len(text).to_bytes(8, "little") + text)
        for tensor in tensors.values():
            stream.write(tensor.astype(tensor.dtype.newbyteorder("<")).tobytes())

    write_atomically(path, write)
