"""`mnist-tui export`: a run's weights in a format that other programs read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from nn.checkpoint import load_model
from nn.errors import CheckpointError
from nn.predictor import Predictor
from nn.runs import find_run
from nn.safetensors import write_safetensors
from tui.exits import CommandError, ExitCode
from tui.flags import RunArgument, RunsDirFlag, WhichFlag
from tui.runs_folder import runs_folder

Format = Literal["npz", "safetensors", "onnx"]


def export(
    run: RunArgument = "last",
    /,
    *,
    format: Annotated[  # noqa: A002 - the name of the flag
        Format,
        Parameter(
            help="npz is a model file, as --save writes; onnx needs the package onnx",
            show_default=True,
        ),
    ] = "npz",
    which: WhichFlag = "best",
    output: Annotated[
        Path | None,
        Parameter(
            name=("--output", "-o"),
            help="File to write; RUN-WHICH.FORMAT in the current folder if left out",
            metavar="FILE",
        ),
    ] = None,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Write the weights of a run to a file of their own."""
    found = find_run(runs_folder(runs_dir), run)
    predictor = load_model(found, which)
    path = output or Path(f"{found.name}-{which}.{format}")
    if path.exists() and not path.is_file():  # a device, say
        raise CommandError(f"{path}: exists and is not a file", ExitCode.USAGE)
    try:
        _write(path, predictor, format)
    except CheckpointError as error:
        raise CommandError(str(error), ExitCode.FAILURE) from error
    sys.stderr.write(f"{which} weights of {found.name} written to {path}\n")
    return ExitCode.SUCCESS


def _write(path: Path, predictor: Predictor, kind: Format) -> None:
    match kind:
        case "npz":
            predictor.save(path)
        case "safetensors":
            config = json.dumps(predictor.config.to_dict())
            write_safetensors(path, predictor.arrays(), {"format": "np", "config": config})
        case "onnx":
            from tui.onnx_model import write_onnx

            try:
                write_onnx(path, predictor)
            except ImportError as error:
                raise CommandError(
                    "ONNX needs the package onnx: pip install 'mnist-tui[onnx]'", ExitCode.USAGE
                ) from error
