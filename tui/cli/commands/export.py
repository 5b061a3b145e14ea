"""`mnist-tui export`: a run's weights in a format that other programs read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from nn.errors import ConfigError
from nn.network.predictor import Predictor
from nn.storage.checkpoint import load_model
from nn.storage.model_file import weight_arrays, write_model
from nn.storage.run_lookup import find_run
from nn.storage.safetensors import write_safetensors
from tui.cli.flags import RunArgument, RunsDirFlag, WhichFlag
from tui.cli.outputs import ENDINGS, Format, require_model_file
from tui.models.metadata import about
from tui.models.torch_state import torch_state
from tui.recording.folder import runs_folder
from tui.system.exits import CommandError, ExitCode


def export(
    run: RunArgument = "last",
    /,
    *,
    format: Annotated[  # noqa: A002 - the name of the flag
        Format,
        Parameter(
            help="npz is a model file, as --save writes; torch a state_dict as safetensors; onnx"
            " needs the package onnx",
            show_default=True,
        ),
    ] = "npz",
    which: WhichFlag = "best",
    raw: Annotated[
        bool,
        Parameter(
            help="Of a run with --average-decay: the weights as they were trained, in place of"
            " their average"
        ),
    ] = False,
    output: Annotated[
        Path | None,
        Parameter(
            name=("--output", "-o"),
            help="File to write; RUN-WHICH with the format's ending in the current folder if left"
            " out",
            metavar="FILE",
        ),
    ] = None,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Write the weights of a run to a file of their own."""
    found = find_run(runs_folder(runs_dir), run)
    if raw and not found.record.config.average_decay:
        raise ConfigError(f"--raw: run {found.name} has no averaged weights; leave --raw out")
    path = output or Path(f"{found.name}-{which}{ENDINGS[format]}")
    require_model_file(path, "--output", format, ", or add --format {}")
    predictor = load_model(found, which, raw=raw)
    _write(path, predictor, format)
    sys.stderr.write(f"{which} weights of {found.name}{_kind(predictor, raw)} written to {path}\n")
    if format != "npz" and predictor.preprocessor.prepares:
        pixels = predictor.preprocessor.expected_pixels
        sys.stderr.write(
            'it wants prepared pixels, as the entry "pixels" of the file\'s metadata says too:'
            f" {pixels}\n"
        )
    return ExitCode.SUCCESS


def _kind(predictor: Predictor, raw: bool) -> str:
    """Which of its weights are meant, where a run has two kinds."""
    if not predictor.config.average_decay:
        return ""
    return ", as they were trained," if raw else ", their moving average,"


def _write(path: Path, predictor: Predictor, kind: Format) -> None:
    if predictor.kind and kind != "npz":
        raise CommandError(
            f"--format {kind}: holds one network, and this is a {predictor.kind}; take npz, or"
            " export a member",
            ExitCode.USAGE,
        )
    if predictor.config.batch_norm and kind != "npz":
        predictor = predictor.without_batch_norm()
    match kind:
        case "npz":
            write_model(path, predictor)
        case "safetensors":
            write_safetensors(path, weight_arrays(predictor), {"format": "np", **about(predictor)})
        case "torch":
            write_safetensors(path, *torch_state(predictor))
        case "onnx":
            from tui.cli.onnx_model import write_onnx

            try:
                write_onnx(path, predictor)
            except ImportError as error:
                raise CommandError(
                    "ONNX needs the package onnx: pip install 'mnist-tui[onnx]'", ExitCode.USAGE
                ) from error
