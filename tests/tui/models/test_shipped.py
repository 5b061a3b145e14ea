"""The network of the package is the one that its page describes, and it knows other hands."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.data.dataset import Dataset
from nn.errors import DataError
from nn.storage.model_file import read_model
from tests.support.optdigits import CHOSEN_ON, enlarged, load_optdigits
from tui.images.reading import Form, read_content, read_levels
from tui.models.drawing import FORMS, drawn_digits
from tui.models.make_shipped import CONFIG, train_shipped, write_shipped
from tui.models.pens import in_other_pens
from tui.models.shipped import FILE, shipped_model

PAGE = (FILE.parent / "README.md").read_text(encoding="utf-8")


def test_the_file_is_the_one_that_its_page_names() -> None:
    documented = re.search(r"SHA-256 of\s+`shipped.npz`:\s+`([0-9a-f]{64})`", PAGE)
    assert documented is not None
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == documented[1]
    assert FILE.stat().st_size < 2_000_000


def test_pictures_are_centred_for_it(mnist: Dataset) -> None:
    """A page is read digit by digit, and not as one image."""
    page = np.full((60, 120), 240, np.uint8)
    for number in (0, 1):
        ink = mnist.test.images[number].reshape(28, 28)
        page[20:48, 10 + 60 * number : 38 + 60 * number] = 240 - ink * 0.8
    form = Form.of(shipped_model().spec, shipped_model().preprocessor)
    content = BytesIO()
    Image.fromarray(page).save(content, "PNG")
    (reading,) = read_content(content.getvalue(), form)
    fields = np.stack([digit.field for digit in reading.digits])
    predicted = shipped_model().probabilities(fields).argmax(axis=1)
    assert predicted.tolist() == mnist.test.labels[:2].tolist()


def test_mnists_test_digits_are_recognized(mnist: Dataset) -> None:
    predicted = shipped_model().probabilities(mnist.test.images).argmax(axis=1)
    accuracy = (predicted == mnist.test.labels).mean()
    assert f"{accuracy:.2%}" in PAGE


def share_of_scans(chosen: slice) -> float:
    """The share of these scans that are read as one digit, the right one."""
    images, labels = load_optdigits()
    fields, right = [], []
    for image, label in zip(images[chosen], labels[chosen], strict=True):
        try:
            digits = read_levels(enlarged(image)).digits
        except DataError:
            digits = []
        fields.append(digits[0].field if len(digits) == 1 else np.zeros(784, np.uint8))
        right.append(label if len(digits) == 1 else -1)
    predicted = shipped_model().probabilities(np.stack(fields)).argmax(axis=1)
    return float((predicted == np.array(right)).mean())


@pytest.mark.slow
def test_scans_of_other_people_are_recognized() -> None:
    assert share_of_scans(slice(CHOSEN_ON, None, 9)) >= 0.93  # 100 of them


@pytest.mark.slow
def test_at_least_95_of_100_scans_of_other_people_are_recognized() -> None:
    assert share_of_scans(slice(CHOSEN_ON, None)) >= 0.95
    assert share_of_scans(slice(None)) >= 0.95


def test_the_command_that_made_it_makes_such_a_file(mnist: Dataset, tmp_path: Path) -> None:
    """The same seed gives the same bytes, and the weights survive half precision."""
    few = replace(mnist, train=mnist.train[:600], test=mnist.test[:100])
    config = replace(CONFIG, hidden=(16,), epochs=1)
    paths = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for path in paths:
        predictor = train_shipped(few, config, variants=1, drawn=20)
        write_shipped(path, predictor)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    read = read_model(paths[0])
    assert read.config.hidden == (16,)
    weights = predictor.model.parameters
    assert np.abs(read.model.parameters - weights).max() <= 0.001 * np.abs(weights).max()


def test_other_pens_leave_a_digit_where_it_is(mnist: Dataset) -> None:
    images = mnist.train.images[:300]
    drawn = in_other_pens(images, rng=np.random.default_rng(1))
    assert (in_other_pens(images, rng=np.random.default_rng(1)) == drawn).all()
    before, after = (each.reshape(-1, 28, 28).astype(float) for each in (images, drawn))
    assert after.max(axis=(1, 2)).min() > 100
    amounts = after.sum(axis=(1, 2)) / before.sum(axis=(1, 2))
    assert amounts.min() < 0.9 < 1.4 < amounts.max()
    places = np.arange(28)
    for axis in (1, 2):
        centres = [each.sum(axis=axis) @ places / each.sum(axis=(1, 2)) for each in (before, after)]
        assert np.abs(centres[0] - centres[1]).max() < 1


def test_every_form_of_every_digit_is_drawn_equally_often() -> None:
    drawings = drawn_digits(20, rng=np.random.default_rng(0))
    counts = np.bincount(drawings.labels)
    assert counts.tolist() == [-(-20 // len(forms)) * len(forms) for forms in FORMS]
    assert (drawings.images.max(axis=1) == 255).all()
    predicted = shipped_model().probabilities(drawings.images).argmax(axis=1)
    assert (predicted == drawings.labels).mean() > 0.9
