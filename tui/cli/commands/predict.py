"""`mnist-tui predict`: classify images with a saved model.

An answer is unsure where the largest probability is below `SURE`, or another one is above
1 - `SURE`, or where what was read hardly is one whole digit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter, Token

from nn.errors import ConfigError, DataError, did_you_mean
from nn.network.committee import MAX_SHIFT, Committee
from nn.network.predictor import Predictor
from nn.spec import MNIST, DataSpec
from nn.storage.files import read_at_most
from nn.storage.run_record import RUN_FILE
from tui.cli.flags import WHOLE, RunsDirFlag, WhichFlag, run_completions
from tui.cli.reporters.json_lines import write_json
from tui.images.preview import preview
from tui.images.reading import (
    MAX_BYTES,
    Digit,
    Form,
    Page,
    Reading,
    pages_of_content,
    pages_of_file,
)
from tui.images.splitting import split_touching
from tui.models.shipped import NAME
from tui.models.wholeness import wholeness_model
from tui.recording.folder import runs_folder
from tui.recording.weights import find_weights
from tui.system.exits import ExitCode

SURE = 0.9
DIGIT = 0.02  # least probability of a whole digit; of MNIST's test digits 0.9% have less
_STDIN = Path("-")
_WEIGHTS = (".npz", ".safetensors", ".keras", ".h5", ".onnx")


def _image(kind: Any, tokens: Sequence[Token]) -> Path:
    """A path, where a lone dash is standard input; cyclopts would take the dash for an option."""
    name = tokens[0].value
    if not name:
        raise ConfigError("the name of a picture is empty; - is standard input")
    if name.startswith("-") and name != "-":
        known = ("--model", "--shift", "--which", "--runs-dir", "--json", "--show", "--help")
        raise ConfigError(f"unknown option {name}{did_you_mean(name, known)}")
    return Path(name)


def predict(
    *images: Annotated[
        Path,
        Parameter(
            help="Pictures (PNG, JPEG, WebP, GIF, BMP, TIFF, PGM) or text grids of 28x28 numbers or"
            " characters; none or - is standard input",
            metavar="IMAGE",
            allow_leading_hyphen=True,
            converter=_image,
        ),
    ],
    model: Annotated[
        str,
        Parameter(
            help="Model file written by --save or by another program; a saved run: its name, a"
            " part of it, its folder, or last; or shipped, the network of the package",
            metavar="FILE|RUN",
            show_default=True,
            completer=run_completions,
        ),
    ] = NAME,
    shift: Annotated[
        int,
        WHOLE,
        Parameter(
            help="Average over copies of each digit, moved by up to so many pixels; 1: nine copies",
            metavar="PIXELS",
            show_default=True,
        ),
    ] = 0,
    which: WhichFlag = "best",
    json: Annotated[bool, Parameter(help="One JSON object a digit, a line each")] = False,
    show: Annotated[
        bool,
        Parameter(
            help="Draw the picture, the ink found in it, and each digit as the network gets it"
        ),
    ] = False,
    runs_dir: RunsDirFlag = None,
) -> ExitCode:
    """Classify pictures of handwritten digits, one line a digit: picture, digit, probability.

    Without --model, the network that comes with the package answers; nothing has to be trained.
    Each digit is cropped, scaled and centred the way MNIST was made. Several digits in a picture
    are read line by line; each line then ends with the digit's box, left,top,width,height. Of a
    TIFF with several pages each is a picture; of an animation the first picture is read. Where the
    network is unsure, the line says so. A picture that cannot be read, or in which nothing is
    written, is named on standard error, the others are answered, and the exit code is 2.
    """
    if json and show:
        raise ConfigError("--show draws for the eye: it cannot be used with --json")
    weights = find_weights(model, runs_folder(runs_dir), which=which)
    for remark in weights.remarks:
        sys.stderr.write(f"{model}: {remark}\n")
    predictor = _shifted(weights.predictor, shift)
    if predictor.kind and not json:
        sys.stderr.write(f"{model}: {predictor.kind}\n")
    code = ExitCode.SUCCESS
    for page in _pages(images or (_STDIN,), predictor):
        try:
            if isinstance(page, DataError):
                raise page
            readings = _read(page, predictor)
        except DataError as error:
            sys.stdout.flush()
            sys.stderr.write(f"mnist-tui: error: {error}\n")
            code = ExitCode.USAGE
            continue
        if page.remark:
            sys.stderr.write(f"{_named(page)}: {page.remark}\n")
        for reading in readings:
            _answer(page, reading, predictor, json=json)
            if show:
                sys.stdout.write(preview(reading, sys.stdout))
    return code


def _shifted(predictor: Predictor, shift: int) -> Predictor:
    """The same network or committee, with the mean over shifted copies where that is wanted."""
    if not 0 <= shift <= MAX_SHIFT:
        raise ConfigError(f"--shift {shift}: must be from 0 to {MAX_SHIFT} pixels")
    return Committee(predictor.members, shift=shift) if shift else predictor


def _pages(images: Sequence[Path], predictor: Predictor) -> Iterator[Page | DataError]:
    """The pages of each file, or what is wrong with the file."""
    for image in images:
        try:
            yield from _pages_of(image, predictor.spec)
        except DataError as error:
            yield error


def _pages_of(image: Path, spec: DataSpec) -> list[Page]:
    if image != _STDIN:
        _require_pictures(image)
        return pages_of_file(image)
    if sys.stdin.isatty():
        sys.stderr.write(f"{spec.rows} lines of {spec.columns} pixels, please; Ctrl-D ends them\n")
    return pages_of_content(read_at_most(sys.stdin.buffer, MAX_BYTES + 1), str(_STDIN))


def _read(page: Page, predictor: Predictor) -> list[Reading]:
    form = Form.of(predictor.spec, predictor.preprocessor)
    try:
        return [_looked_at(each, predictor, form) for each in page.read(form)]
    except DataError as error:
        raise DataError(f"{_named(page)}: {error}") from error


def _named(page: Page) -> str:
    """The page as messages name it."""
    stdin = page.file == str(_STDIN)
    return replace(page, file="standard input").name if stdin else page.name


def _require_pictures(name: Path) -> None:
    """Raise `DataError` for a folder and for weights, with what to give in their place."""
    if os.path.isdir(name):
        if os.path.isfile(name / RUN_FILE):
            raise DataError(f"{name}: a saved run, no picture; its network answers by --model")
        raise DataError(f"{name}: a folder; name the pictures in it, such as {name / '*.png'}")
    if name.suffix.lower() in _WEIGHTS and os.path.isfile(name):
        raise DataError(f"{name}: no picture by its name; weights are given by --model")


def _looked_at(reading: Reading, predictor: Predictor, form: Form) -> Reading:
    """The reading, with digits that touch cut apart where the network is one of such digits."""
    if predictor.spec != MNIST or not form.centred or form.bright_paper:
        return reading
    return split_touching(reading, predictor.probabilities, wholeness_model().probabilities)


def _answer(page: Page, reading: Reading, predictor: Predictor, *, json: bool) -> None:
    """Write a line for each digit of a picture."""
    names = predictor.spec.names
    fields = np.stack([digit.field for digit in reading.digits])
    for digit, row in zip(reading.digits, predictor.probabilities(fields).tolist(), strict=True):
        second, first = sorted(range(len(row)), key=row.__getitem__)[-2:]
        whole = digit.wholeness >= DIGIT
        unsure = not (whole and row[first] >= SURE and row[second] <= 1 - SURE)
        if json:
            record: dict[str, Any] = {
                "image": page.file,
                "digit": first,
                "probabilities": row,
                "unsure": unsure,
                "box": _corner_and_size(digit),
            }
            if page.number:
                record["page"] = page.number
            if predictor.kind:
                record["kind"] = predictor.kind
            if names != MNIST.names:
                record["class"] = names[first]
            write_json(record, sys.stdout)
            continue
        columns = [page.name, names[first], f"{row[first]:.4f}"]
        if unsure:
            other = f"or {names[second]} ({row[second]:.4f})" if whole else "or no single digit"
            columns.append(f"unsure: {other}")
        if len(reading.digits) > 1:
            columns.append("at " + ",".join(map(str, _corner_and_size(digit))))
        sys.stdout.write("\t".join(columns) + "\n")


def _corner_and_size(digit: Digit) -> list[int]:
    """Left, top, width and height in pixels of the picture."""
    box = digit.box
    return [box.left, box.top, box.width, box.height]
