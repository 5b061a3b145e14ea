"""Images come out as MNIST would have had them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import DataError
from nn.network.predictor import Predictor
from nn.training.trainer import Trainer
from tui.images import BOX, CENTRE, mnist_field, read_grid, read_image

Field = npt.NDArray[np.uint8]


def seven(height: int = 60, width: int = 40, thickness: int = 6) -> npt.NDArray[np.float64]:
    """A large 7 of ink 255 on paper 0, without margins."""
    levels = np.zeros((height, width))
    levels[:thickness] = 255
    for row in range(height):
        right = width - round((width - thickness) * row / height)
        levels[row, right - thickness : right] = 255
    return levels


def centre_of_mass(field: Field) -> tuple[float, float]:
    image = field.reshape(28, 28).astype(float)
    places = np.arange(28)
    return float((image.sum(1) * places).sum() / image.sum()), float(
        (image.sum(0) * places).sum() / image.sum()
    )


def extent(field: Field) -> tuple[int, int]:
    rows, columns = np.nonzero(field.reshape(28, 28))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def test_the_digit_fits_the_box_with_its_proportions_kept() -> None:
    assert extent(mnist_field(np.pad(seven(60, 40), 30))) == (BOX, round(BOX * 40 / 60))
    assert extent(mnist_field(np.pad(seven(30, 60), 30))) == (BOX // 2, BOX)


@pytest.mark.parametrize("margins", [(5, 90), (90, 5), (40, 40)])
def test_the_centre_of_mass_is_in_the_centre(margins: tuple[int, int]) -> None:
    field = mnist_field(np.pad(seven(), (margins, margins[::-1])))
    assert centre_of_mass(field) == pytest.approx((CENTRE, CENTRE), abs=0.5)


def test_place_size_and_brightness_do_not_matter() -> None:
    field = mnist_field(np.pad(seven(), 20)).astype(int)
    assert (mnist_field(np.pad(seven(), ((70, 3), (0, 50)))) == field).all()
    assert (mnist_field(255 - np.pad(seven(), 20)) == field).all(), "dark on bright"
    assert abs(mnist_field(40 + 0.5 * np.pad(seven(), 20)) - field).max() <= 1, "faded"
    assert abs(mnist_field(200 - 0.5 * np.pad(seven(), 20)) - field).max() <= 1, "pencil on grey"
    enlarged = np.kron(np.pad(seven(), 20), np.ones((4, 4)))
    assert abs(mnist_field(enlarged) - field).mean() < 4


def test_reduction_is_anti_aliased() -> None:
    """A stroke thinner than a pixel of the result becomes grey, and is not skipped."""
    levels = np.zeros((400, 400))
    levels[100:300, 150] = 255
    levels[100:300, 250] = 255
    field = mnist_field(levels).reshape(28, 28)
    strokes = np.flatnonzero(field.max(axis=0))
    assert len(strokes) >= 2
    assert 0 < field.max() < 255


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_images_are_refused(level: int) -> None:
    with pytest.raises(DataError, match="blank"):
        mnist_field(np.full((50, 50), level))


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40))))
def test_any_image_is_a_field_or_refused(levels: Field) -> None:
    try:
        field = mnist_field(levels)
    except DataError:
        assert np.ptp(levels.astype(int)) < 256
    else:
        assert field.shape == (784,)
        assert field.dtype == np.uint8
        assert field.any()


@pytest.fixture(scope="module")
def predictor(mnist: Dataset) -> Predictor:
    """Of a network that has learned enough to tell digits apart."""
    trainer = Trainer(
        TrainConfig.layered({"limit": 10_000, "epochs": 2, "eval_train": False}), mnist
    )
    list(trainer.events())
    return trainer.predictor


def test_a_seven_is_seen_upright(predictor: Predictor) -> None:
    assert predictor.probabilities(mnist_field(np.pad(seven(), 20))[None]).argmax() == 7


def test_mnist_itself_stays_as_recognizable_as_it_was(mnist: Dataset, predictor: Predictor) -> None:
    test = mnist.test[:500]

    def accuracy(images: npt.NDArray[Any]) -> float:
        return float((predictor.probabilities(images).argmax(axis=1) == test.labels).mean())

    drawn = [image.reshape(28, 28) for image in test.images]
    again = np.stack([mnist_field(image) for image in drawn])
    assert accuracy(again) >= accuracy(test.images) - 0.01
    rng = np.random.default_rng(0)
    scans = []
    for image in drawn:
        page = np.full((260, 300), 230.0)
        top, left = rng.integers(0, 260 - 140), rng.integers(0, 300 - 140)
        page[top : top + 140, left : left + 140] -= np.kron(image, np.ones((5, 5))) * 0.7
        scans.append(mnist_field(np.clip(page + rng.normal(scale=4, size=page.shape), 0, 255)))
    assert accuracy(np.stack(scans)) >= accuracy(test.images) - 0.03


def _save(path: Path, image: Image.Image) -> Path:
    image.save(path)
    return path


def test_every_kind_of_file_gives_the_same_field(tmp_path: Path) -> None:
    levels = np.pad(seven(), 20).astype(np.uint8)
    grey = Image.fromarray(levels)
    expected = mnist_field(levels).astype(int)
    ink = Image.merge("LA", [Image.new("L", grey.size, 0), grey])
    chalk = Image.merge("LA", [Image.new("L", grey.size, 255), grey])
    files = {
        "grey.png": grey,
        "grey.pgm": grey,
        "colour.png": grey.convert("RGB"),
        "palette.png": grey.convert("P"),
        "two-level.png": grey.convert("1"),
        "sixteen-bit.png": Image.fromarray(levels.astype(np.uint16) * 257),
        "black-on-transparent.png": ink,
        "white-on-transparent.png": chalk,
        "colour-with-alpha.png": ink.convert("RGBA"),
    }
    for name, image in files.items():
        field = read_image(_save(tmp_path / name, image))
        assert abs(field - expected).max() <= 2, name
    (tmp_path / "ascii.pgm").write_text(
        f"P2 {levels.shape[1]} {levels.shape[0]} 15\n" + " ".join(map(str, (levels // 17).ravel()))
    )
    assert abs(read_image(tmp_path / "ascii.pgm") - expected).max() <= 2


def test_sixteen_bits_are_measured_in_their_own_levels(tmp_path: Path) -> None:
    grain = np.pad(seven(), 20).astype(np.uint16) * 10  # 4% of the levels, which no eye sees
    with pytest.raises(DataError, match="blank"):
        read_image(_save(tmp_path / "grain.png", Image.fromarray(grain)))


def test_a_very_large_image_is_reduced_first(tmp_path: Path) -> None:
    levels = np.kron(np.pad(seven(), 20), np.ones((40, 40))).astype(np.uint8)
    field = read_image(_save(tmp_path / "large.png", Image.fromarray(levels)))
    assert abs(field - mnist_field(np.pad(seven(), 20)).astype(int)).mean() < 4


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.png", None, "No such file"),
        ("folder", b"", "Is a directory"),
        ("empty.png", b"", "not a PNG or PGM image"),
        ("text.png", b"hello", "not a PNG or PGM image"),
        ("cut.png", "cut", "truncated"),
        ("photo.jpg", "jpeg", "not a PNG or PGM image"),
        ("bomb.png", "bomb", "too many pixels"),
        ("bad.pgm", b"P5 10 x 255\n", "bad.pgm: "),
        ("blank.png", "blank", "blank"),
    ],
)
def test_files_that_are_refused(
    name: str, content: bytes | str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    encoded = BytesIO()
    if name == "folder":
        path.mkdir()
    elif content == "cut":
        Image.effect_noise((60, 60), 90).save(encoded, "PNG")
        path.write_bytes(encoded.getvalue()[:700])
    elif content == "jpeg":
        Image.effect_noise((60, 60), 90).save(path)
    elif content == "bomb":
        Image.new("1", (20_000, 20_000)).save(path)
    elif content == "blank":
        Image.new("L", (60, 60), 255).save(path)
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refusal:
        read_image(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert "\n" not in str(refusal.value)


GRID = np.pad(seven(20, 12, 3), ((4, 4), (8, 8))).astype(np.uint8)


@pytest.mark.parametrize("separator", [" ", ",", ", ", "\t"])
def test_a_grid_of_numbers(separator: str) -> None:
    text = "\n".join(separator.join(map(str, row)) for row in GRID) + "\n"
    assert (read_grid(BytesIO(text.encode())) == mnist_field(GRID)).all()


@pytest.mark.parametrize(("blank", "ink"), [(" ", "#"), (".", "@"), ("0", "1"), ("0", "9")])
def test_a_grid_of_characters_may_lack_trailing_blanks(blank: str, ink: str) -> None:
    lines = ["".join(ink if level else blank for level in row).rstrip() for row in GRID]
    assert (
        read_grid(BytesIO("".join(f"{line}\n" for line in lines).encode())) == mnist_field(GRID)
    ).all()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 lines, expected a grid of 28 lines"),
        (b"#\n" * 29, "29 lines"),
        (
            b"." * 29 + b"\n" + b"#\n" * 27,
            "line 1 is neither 28 numbers from 0 to 255 nor at most 28 characters",
        ),
        ((b"0 " * 28 + b"\n") * 27 + b"256 " * 28, "pixel 256, expected 0 to 255"),
        (b"\x89PNG\r\n\xff", "not text"),
        (b"\n" * 28, "blank"),
    ],
)  # fmt: skip
def test_grids_that_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        read_grid(BytesIO(content))
    assert str(refusal.value).startswith("standard input: ")
