"""`mnist-tui predict` from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.storage.model_file import read_model
from tests.support.commands import call_command, refused
from tests.support.pictures import seven
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
    result = call_command("predict", "--model", model_file, *digits)
    assert (result.returncode, result.stderr) == (0, "")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == list(map(str, digits))
    for _, digit, probability, *unsure in rows:
        assert 0 <= int(digit) <= 9
        assert 0 < float(probability) <= 1
        assert float(probability) < 0.9 if unsure else float(probability) >= 0.9


@pytest.mark.parametrize("words", [[], ["-"]])
def test_a_grid_on_standard_input_is_the_same_image(
    words: list[str], model_file: Path, digits: list[Path]
) -> None:
    of_file = call_command("predict", "--model", model_file, digits[0]).stdout
    of_grid = call_command("predict", "--model", model_file, *words, stdin=grid()).stdout
    assert of_grid.split("\t")[1:] == of_file.split("\t")[1:]
    assert of_grid.startswith("-\t")


def test_json(model_file: Path, digits: list[Path]) -> None:
    result = call_command("predict", "--json", "--model", model_file, digits[1], "-", stdin=grid())
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["image"] for each in objects] == [str(digits[1]), "-"]
    for each in objects:
        assert each.keys() == {"image", "digit", "probabilities", "unsure", "box"}
        assert each["digit"] == np.argmax(each["probabilities"])
        assert sum(each["probabilities"]) == pytest.approx(1)


def test_good_pictures_are_answered_and_bad_ones_are_named(
    model_file: Path, digits: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("hello world, this is a letter and no picture of a digit")
    words = [digits[0], "missing.png", tmp_path / "text.png", digits[1]]
    result = call_command("predict", "--model", model_file, *words)
    assert result.returncode == 2
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == list(map(str, digits))
    first, second = result.stderr.splitlines()
    assert first == "mnist-tui: error: missing.png: No such file or directory"
    assert second.startswith(f"mnist-tui: error: {tmp_path / 'text.png'}: line 1 is neither")


def test_pages_of_a_scan_are_answered_by_number(tmp_path: Path) -> None:
    first, *others = [Image.fromarray(np.pad(seven(), 20) * share) for share in (1, 0, 1)]
    scan = tmp_path / "scan.tif"
    first.save(scan, save_all=True, append_images=others)
    result = call_command("predict", scan)
    assert result.returncode == 2
    rows = [line.split("\t")[:2] for line in result.stdout.splitlines()]
    assert rows == [[f"{scan} page 1", "7"], [f"{scan} page 3", "7"]]
    refusal = f"mnist-tui: error: {scan} page 2: blank: there is no digit to see\n"
    assert result.stderr == refusal
    result = call_command("predict", "--json", scan)
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(each["image"], each["page"]) for each in objects] == [(str(scan), 1), (str(scan), 3)]


def test_an_animation_is_named_on_standard_error(model_file: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.gif"
    first, second = (Image.fromarray(image) for image in IMAGES[:2])
    first.save(film, save_all=True, append_images=[second])
    result = call_command("predict", "--model", model_file, film)
    assert result.returncode == 0
    assert result.stdout.startswith(f"{film}\t")
    assert result.stderr == f"{film}: an animation, of which only the first picture is read\n"


def test_pictures_of_a_model_of_uncentred_data_stay_as_they_are(
    model_file: Path, digits: list[Path], tmp_path: Path
) -> None:
    """The bars' places are their labels: centred, all would look alike."""
    labels = tiny_arrays()["t10k-labels-idx1-ubyte"]
    paths = [tmp_path / f"{number}.png" for number in range(10)]
    for path, image in zip(paths, IMAGES, strict=False):
        Image.fromarray(image).save(path)
    result = call_command("predict", "--json", "--model", model_file, *paths)
    found = [json.loads(line)["probabilities"] for line in result.stdout.splitlines()]
    expected = read_model(model_file).probabilities(IMAGES[:10].reshape(10, -1))
    assert np.allclose(found, expected, atol=1e-6)
    assert labels[:10].tolist() == list(range(10))


def test_show_draws_what_was_done(model_file: Path, digits: list[Path]) -> None:
    result = call_command("predict", "--show", "--model", model_file, digits[0])
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"{digits[0]}\t")
    assert [title for title in lines[1].split() if title] == ["picture", "ink"]
    assert "28x28" in result.stdout
    assert any("@" in line or "%" in line for line in lines[2:])
    assert "\x1b" not in result.stdout


def test_show_and_json_exclude_each_other(model_file: Path, digits: list[Path]) -> None:
    line = refused(call_command("predict", "--show", "--json", "--model", model_file, digits[0]))
    assert line == "--show draws for the eye: it cannot be used with --json"


def test_folders_and_weights_are_no_pictures(
    model_file: Path, digits: list[Path], tmp_path: Path
) -> None:
    """Each is named, with what to give in its place, and the picture beside them is answered."""
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    result = call_command("predict", tmp_path, run, model_file, digits[0], "--model", model_file)
    assert result.returncode == 2
    folder, saved, weights = result.stderr.splitlines()
    assert folder == (
        f"mnist-tui: error: {tmp_path}: a folder; name the pictures in it, such as"
        f" {tmp_path / '*.png'}"
    )
    assert saved.endswith(f"{run}: a saved run, no picture; its network answers by --model")
    assert weights.endswith("weights are given by --model")
    assert result.stdout.startswith(f"{digits[0]}\t")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x93NUMPY\x01\0\xff", "a file of NumPy's; np.savetxt"),
        (b"\xff\0\xfe", "neither a picture"),
    ],
)
def test_files_of_other_kinds(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "digit"
    file.write_bytes(content)
    assert refused(call_command("predict", file)).startswith(f"{file}: {message}")


@pytest.mark.parametrize(
    ("content", "message"), [(None, "No such file"), (b"", "damaged"), (b"PK\x03\x04", "damaged")]
)
def test_models_that_are_none(
    content: bytes | None, message: str, digits: list[Path], tmp_path: Path
) -> None:
    model = tmp_path / "model.npz"
    if content is not None:
        model.write_bytes(content)
    assert message in refused(call_command("predict", "--model", model, digits[0]))


def test_a_file_name_in_another_encoding_is_printed_escaped(
    model_file: Path, tmp_path: Path
) -> None:
    path = tmp_path / "caf\udce9.png"
    Image.fromarray(IMAGES[0]).save(path, format="PNG")
    result = call_command("predict", "--model", model_file, path)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\\udce9.png\t" in result.stdout
