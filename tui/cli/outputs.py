"""Files that a command is to write, looked at before it computes what they are for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from nn.errors import reason_of
from tui.system.exits import CommandError, ExitCode

Format = Literal["npz", "safetensors", "torch", "onnx"]
SAVED_OTHERWISE = "; for another format: mnist-tui export RUN --format {}"
"""The `otherwise` of `require_model_file` for what --save writes."""
ENDINGS: dict[Format, str] = {
    "npz": ".npz",
    "safetensors": ".safetensors",
    "torch": ".torch.safetensors",
    "onnx": ".onnx",
}
"""What the names of files end with where the user names none."""
# What the endings of files with networks promise; None where it is nothing that is written here.
_PROMISED: dict[str, Format | None] = {
    ".npz": "npz",
    ".safetensors": "safetensors",
    ".onnx": "onnx",
    ".pt": "torch",
    ".pth": "torch",
    ".h5": None,
    ".keras": None,
}


def require_model_file(path: Path, option: str, kind: Format, otherwise: str) -> None:
    """Refuse a file whose name promises another format than `kind`, or that cannot be written.

    `otherwise` says how to get the format that the name promises, with {} in place of its name.
    """
    written, suffix = Path(f"file{ENDINGS[kind]}").suffix, path.suffix.lower()
    if suffix in _PROMISED and suffix != written:
        promised = _PROMISED[suffix]
        remedy = otherwise.format(promised) if promised not in (None, kind) else ""
        raise CommandError(
            f"{option} {path}: is written in the format of {written} files; name it"
            f" {path.with_suffix(written)}{remedy}",
            ExitCode.USAGE,
        )
    require_writable(path, option)


def require_writable(path: Path, option: str) -> None:
    """Refuse a file that could not be written in the end, without touching what is there."""
    try:
        if path.exists() and not path.is_file():  # saving would replace even a device
            raise CommandError(f"{option} {path}: exists and is not a file", ExitCode.USAGE)
        if not path.parent.exists():
            raise CommandError(f"{option} {path}: there is no folder {path.parent}", ExitCode.USAGE)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise CommandError(f"{option} {path}: {reason_of(error)}", ExitCode.USAGE) from error
