"""`mnist-tui predict` from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.commands import refused, run_command
from tests.support.tiny_data import tiny_arrays

IMAGES = tiny_arrays()["t10k-images-idx3-ubyte"]


@pytest.fixture
def digits(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "one.png", tmp_path / "two.pgm"]
    for path, image in zip(paths, IMAGES, strict=False):
        Image.fromarray(image).save(path)
    return paths


def grid() -> str:
    return "\n".join(" ".join(map(str, row)) for row in IMAGES[0])


def test_one_line_an_image_in_order(model_file: Path, digits: list[Path]) -> None:
    result = run_command("predict", "--model", model_file, *digits)
    assert (result.returncode, result.stderr) == (0, "")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == list(map(str, digits))
    assert all(
        0 <= int(digit) <= 9 and 0 < float(probability) <= 1 for _, digit, probability in rows
    )


@pytest.mark.parametrize("words", [[], ["-"]])
def test_a_grid_on_standard_input_is_the_same_image(
    words: list[str], model_file: Path, digits: list[Path]
) -> None:
    of_file = run_command("predict", "--model", model_file, digits[0]).stdout
    of_grid = run_command("predict", "--model", model_file, *words, input=grid()).stdout
    assert of_grid.split("\t")[1:] == of_file.split("\t")[1:]
    assert of_grid.startswith("-\t")


def test_json(model_file: Path, digits: list[Path]) -> None:
    result = run_command("predict", "--json", "--model", model_file, digits[1], "-", input=grid())
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["image"] for each in objects] == [str(digits[1]), "-"]
    for each in objects:
        assert each.keys() == {"image", "digit", "probabilities"}
        assert each["digit"] == np.argmax(each["probabilities"])
        assert sum(each["probabilities"]) == pytest.approx(1)


def test_nothing_is_printed_where_one_image_is_bad(model_file: Path, digits: list[Path]) -> None:
    line = refused(run_command("predict", "--model", model_file, *digits, "missing.png"))
    assert line == "missing.png: No such file or directory"


@pytest.mark.parametrize(
    ("content", "message"), [(None, "No such file"), (b"", "damaged"), (b"PK\x03\x04", "damaged")]
)
def test_models_that_are_none(
    content: bytes | None, message: str, digits: list[Path], tmp_path: Path
) -> None:
    model = tmp_path / "model.npz"
    if content is not None:
        model.write_bytes(content)
    assert message in refused(run_command("predict", "--model", model, digits[0]))


def test_a_file_name_in_another_encoding_is_printed_escaped(
    model_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "caf\udce9.png"
    Image.fromarray(IMAGES[0]).save(path, format="PNG")
    result = run_command("predict", "--model", model_file, path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\\udce9.png\t" in result.stdout
