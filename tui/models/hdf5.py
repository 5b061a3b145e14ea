"""The arrays of an HDF5 file, read in a process of its own.

The HDF5 library crashes with some damaged files and goes on for ever with others. A process can be
given up. `python -m tui.models.hdf5` reads a file from standard input and writes an `.npz` archive:
the arrays by number, their names, and the settings of Keras. It needs the package h5py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np

from nn.errors import StorageError
from tui.formatting import on_one_line
from tui.models.contents import MAX_BYTES, Named
from tui.system.memory import limit_address_space
from tui.system.python import module_command

SECONDS = 120.0
"""Seconds after which a file is given up; a large model takes two."""
_MEMORY = 4 * 2**30  # address space of the process
_REFUSED = 3  # exit code where the message on standard error is complete


def hdf5_arrays(path: object, content: bytes) -> tuple[Named, str]:
    """The numeric datasets by name, and the JSON of the attribute `model_config`, or "".

    Raises:
        ImportError: h5py is not installed.
        StorageError: The file holds too much.
        ValueError: It is damaged.
    """
    if find_spec("h5py") is None:
        raise ModuleNotFoundError("h5py is not installed", name="h5py")
    try:
        done = subprocess.run(
            module_command("tui.models.hdf5"),
            input=content,
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ValueError("the HDF5 library came to no end") from None
    lines = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == _REFUSED:
        raise StorageError(f"{path}: {lines[-1]}")
    if done.returncode < 0:
        raise ValueError("the HDF5 library crashed")
    if done.returncode:
        raise ValueError(lines[-1] if lines else f"exit code {done.returncode}")
    with np.load(BytesIO(done.stdout), allow_pickle=False) as archive:
        names, settings = json.loads(str(archive["names"])), str(archive["settings"])
        return {name: archive[str(number)] for number, name in enumerate(names)}, settings


def _read(content: bytes) -> tuple[Named, str]:
    import h5py

    arrays: Named = {}
    total = 0

    def visit(name: str, item: Any) -> None:
        nonlocal total
        if not isinstance(item, h5py.Dataset) or item.dtype.kind not in "fiu":
            return
        # References to other files are not followed.
        if "optimizer" in name or item.external or item.is_virtual:
            return
        total += item.nbytes
        if total > MAX_BYTES:
            raise StorageError(f"unpacks to more than the {MAX_BYTES:,} bytes allowed")
        arrays[name] = item[()]

    with h5py.File(BytesIO(content), "r") as file:
        file.visititems(visit)
        return arrays, str(file.attrs.get("model_config", ""))


def main() -> None:
    """Read standard input and write standard output."""
    limit_address_space(_MEMORY)
    try:
        arrays, settings = _read(sys.stdin.buffer.read())
    except StorageError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(_REFUSED)
    except Exception as error:  # h5py raises a dozen kinds of exceptions for damaged files
        sys.exit(on_one_line(str(error)) or type(error).__name__)
    out = BytesIO()
    numbered = {str(number): array for number, array in enumerate(arrays.values())}
    np.savez(out, allow_pickle=False, names=json.dumps(list(arrays)), settings=settings, **numbered)
    sys.stdout.buffer.write(out.getbuffer())


if __name__ == "__main__":
    main()
