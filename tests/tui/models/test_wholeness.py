"""The network that knows whole digits is the one that its page describes."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from nn.data.dataset import Dataset
from tui.images.splitting import WHOLE
from tui.models.make_shipped import write_shipped
from tui.models.make_wholeness import CONFIG, labelled_pieces, touching_row, train_wholeness
from tui.models.wholeness import FILE, wholeness_model

PAGE = (FILE.parent / "README.md").read_text(encoding="utf-8")


def test_the_file_is_the_one_that_its_page_names() -> None:
    documented = re.search(r"SHA-256 of\s+`wholeness.npz`:\s+`([0-9a-f]{64})`", PAGE)
    assert documented is not None
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == documented[1]
    assert FILE.stat().st_size < 300_000


def test_it_knows_whole_digits_from_others(mnist: Dataset) -> None:
    rng = np.random.default_rng(5)
    fields, labels = zip(*labelled_pieces(mnist.test.images, 20, rng=rng), strict=True)
    assert 0.1 < np.mean(labels) < 0.5
    whole = wholeness_model().probabilities(np.stack(fields))[:, WHOLE] > 0.5
    assert (whole == np.array(labels)).mean() > 0.85
    digits = wholeness_model().probabilities(mnist.test.images[:500])[:, WHOLE]
    assert (digits > 0.02).mean() > 0.97


def test_digits_in_a_row_touch_and_keep_their_ink(mnist: Dataset) -> None:
    for seed in range(5):
        rng = np.random.default_rng(seed)
        ink, own = touching_row(mnist.test.images[seed : seed + 3], rng=rng)
        assert own.shape == (3, *ink.shape)
        np.testing.assert_array_equal(own.max(axis=0), ink)
        for left, right in pairwise(own):
            there, beside = left > 0.5, np.pad(right > 0.5, 1)
            near = np.any([beside[1:-1, s : s + ink.shape[1]] for s in range(3)], axis=0)
            assert (there & near).any()


def test_the_command_that_made_it_makes_such_a_file(mnist: Dataset, tmp_path: Path) -> None:
    """The same seed gives the same bytes."""
    config = replace(CONFIG, hidden=(8,), epochs=1)
    paths = [tmp_path / "first.npz", tmp_path / "second.npz"]
    for path in paths:
        write_shipped(path, train_wholeness(mnist, config, rows=6, test_rows=2))
    assert paths[0].read_bytes() == paths[1].read_bytes()
