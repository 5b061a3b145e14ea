"""`mnist-tui predict`: classify images with a saved model."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter, Token

from nn.config import did_you_mean
from nn.errors import ConfigError
from tui.cli.flags import RunsDirFlag, WhichFlag, run_completions
from tui.cli.reporters.json_lines import write_json
from tui.images import read_grid, read_image
from tui.recording.folder import runs_folder
from tui.recording.weights import find_weights
from tui.system.exits import ExitCode

_STDIN = Path("-")


def _image(kind: Any, tokens: Sequence[Token]) -> Path:
    """A path, where a lone dash is standard input; cyclopts would take the dash for an option."""
    name = tokens[0].value
    if name.startswith("-") and name != "-":
        known = ("--model", "--which", "--runs-dir", "--json", "--help")
        raise ConfigError(f"unknown option {name}{did_you_mean(name, known)}")
    return Path(name)


def predict(
    *images: Annotated[
        Path,
        Parameter(
            help="PNG or PGM files; none or -: a text grid on stdin, 28 lines of 28 pixels from 0"
            " to 255 or of 28 characters, blank, dot and 0 being background",
            metavar="IMAGE",
            allow_leading_hyphen=True,
            converter=_image,
        ),
    ],
    model: Annotated[
        str | None,
        Parameter(
            help="Model file written by --save, or a saved run: its name, the beginning of it, its"
            " folder, or last (required)",
            metavar="FILE|RUN",
            completer=run_completions,
        ),
    ] = None,
    which: WhichFlag = "best",
    json: Annotated[bool, Parameter(help="One JSON object an image, a line each")] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Classify images of handwritten digits, one line each: image, digit, probability.

    Images are cropped, scaled and centred the way MNIST was made.
    """
    if model is None:
        raise ConfigError("predict needs --model MODEL, a file written by --save or a saved run")
    predictor, _ = find_weights(model, runs_folder(runs_dir), which=which)
    names = images or (_STDIN,)
    if _STDIN in names and sys.stdin.isatty():
        sys.stderr.write("28 lines of 28 pixels, please; Ctrl-D ends them\n")
    fields = np.stack(
        [read_grid(sys.stdin.buffer) if name == _STDIN else read_image(name) for name in names]
    )
    for name, probabilities in zip(names, predictor.probabilities(fields).tolist(), strict=True):
        digit = probabilities.index(max(probabilities))
        if json:
            record = {"image": str(name), "digit": digit, "probabilities": probabilities}
            write_json(record, sys.stdout)
        else:
            sys.stdout.write(f"{name}\t{digit}\t{probabilities[digit]:.4f}\n")
    return ExitCode.SUCCESS
