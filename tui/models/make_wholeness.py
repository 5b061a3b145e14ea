"""Training the network that knows whole digits: `python -m tui.models.make_wholeness FILE`.

Rows of one to three digits of MNIST, pushed together until their ink touches, are cut along the
seams that `tui.images.splitting` tries. Since it is known which ink is whose, each piece is known
to be a whole digit, or not. README.md has the figures and the file's hash.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from nn.config import TrainConfig
from nn.data.dataset import Dataset, Split, load_dataset
from nn.events import EpochCompleted
from nn.network.predictor import Predictor
from nn.spec import DataSpec
from nn.training.trainer import Trainer
from tui.images.components import Levels
from tui.images.field import FAINT
from tui.images.splitting import Piece, between, pieces_between, reduced_ink, seams
from tui.models.make_shipped import write_shipped

ROWS, TEST_ROWS = 3000, 200
CONFIG = TrainConfig(
    hidden=(128,),
    learning_rate=0.002,
    batch_size=128,
    epochs=12,
    dropout=0.2,
    augment_shift=0.7,
    augment_rotation=10.0,
    augment_scale=0.1,
    augment_shear=0.2,
    eval_train=False,
    threads=1,
    processes=1,
)
SPEC = DataSpec(names=("part or several", "whole"))
_COUNTS = (0.35, 0.5, 0.15)  # chances of one, two and three digits in a row
_SIDE = 100  # pixels of MNIST's 28
_OVERLAP = 0.05  # most of the side by which two digits overlap where they touch
_DROP, _SIZES = 0.08, (0.85, 1.1)  # how far a digit may lie higher or lower, and its size
_OWN, _FOREIGN = 0.92, 0.08  # share of a digit's ink that a whole has, and of others' at most
_PART, _SEVERAL = 0.85, 0.2  # with less of its ink, or more of others', a piece is none
_WHOLES, _OTHERS = 6, 18  # pieces of either kind that are taken of a row


def touching_row(
    images: npt.NDArray[np.uint8], *, rng: np.random.Generator
) -> tuple[Levels, Levels]:
    """Shares of ink of digits (n, 784) in a row that touch, and those of each one, (n, ...)."""
    high, wide = round(1.5 * _SIDE), _SIDE * (len(images) + 1)
    own = np.zeros((len(images), high, wide), np.float32)
    page = np.zeros((high, wide), np.float32)
    for number, image in enumerate(images):
        digit = _enlarged(image, round(_SIDE * rng.uniform(*_SIZES)))
        top = round((high - len(digit)) / 2 + rng.uniform(-_DROP, _DROP) * _SIDE)
        rows = slice(top, top + len(digit))
        left = 0
        if number:
            left = max(0, _contact(page[rows], digit) - round(rng.uniform(0, _OVERLAP) * _SIDE))
        columns = slice(left, left + digit.shape[1])
        own[number, rows, columns] = digit
        page[rows, columns] = np.maximum(page[rows, columns], digit)
    cropped = _inked(page)
    return page[cropped], own[(slice(None), *cropped)]


def _enlarged(image: npt.NDArray[np.uint8], side: int) -> Levels:
    """The ink of a digit at this size, with edges as sharp as those of a pen."""
    square = Image.fromarray(image.reshape(28, 28)).resize((side, side), Image.Resampling.BICUBIC)
    share = np.asarray(square, np.float32) / np.float32(255)
    ink = np.clip((share - np.float32(0.5)) * 4 + np.float32(0.5), 0, 1).astype(np.float32)
    cropped: Levels = ink[_inked(ink)]
    return cropped


def _inked(ink: Levels) -> tuple[slice, slice]:
    rows, columns = (np.flatnonzero((ink > FAINT).any(axis=axis)) for axis in (1, 0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def _contact(page: Levels, digit: Levels) -> int:
    """The column at which a digit, moved to the left, meets the ink of the page."""
    there, new = page > 0.5, digit > 0.5
    last = np.where(there.any(axis=1), page.shape[1] - np.argmax(there[:, ::-1], axis=1), -np.inf)
    first = np.where(new.any(axis=1), np.argmax(new, axis=1), np.inf)
    distance = float(np.max(last - first))
    return int(distance) - 1 if np.isfinite(distance) else 0


def labelled_pieces(
    images: npt.NDArray[np.uint8], rows: int, *, rng: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.uint8], int]]:
    """Pieces of so many rows of these digits, and whether each is a whole digit."""
    for _ in range(rows):
        count = int(rng.choice([1, 2, 3], p=_COUNTS))
        ink, own = touching_row(images[rng.choice(len(images), count)], rng=rng)
        small, owned = reduced_ink(ink), np.stack([reduced_ink(each) for each in own])
        edges, amounts = seams(small), owned.sum(axis=(1, 2))
        found: tuple[list[Piece], ...] = ([], [])
        for piece in pieces_between(small, edges):
            inside = between(edges, piece.start, piece.stop, small.shape[1])
            held = (owned * inside).sum(axis=(1, 2))
            most = int(np.argmax(held / amounts))
            share, foreign = np.array([held[most], held.sum() - held[most]]) / amounts[most]
            if share >= _OWN and foreign <= _FOREIGN:
                found[1].append(piece)
            elif share < _PART or foreign > _SEVERAL:
                found[0].append(piece)
        for label, (pieces, most) in enumerate(zip(found, (_OTHERS, _WHOLES), strict=True)):
            for place in rng.permutation(len(pieces))[:most]:
                yield pieces[place].field(), label


def train_wholeness(
    dataset: Dataset,
    config: TrainConfig = CONFIG,
    *,
    rows: int = ROWS,
    test_rows: int = TEST_ROWS,
) -> Predictor:
    """Train the network; a line on standard error follows each epoch."""
    train, test = (
        _pieces_of(split, count, rng=np.random.default_rng((config.seed, number)))
        for number, (split, count) in enumerate(((dataset.train, rows), (dataset.test, test_rows)))
    )
    pieces = Dataset(train, test, f"pieces of {dataset.name}", dataset.sha256)
    trainer = Trainer(config, pieces)
    for event in trainer.events():
        if isinstance(event, EpochCompleted) and event.evaluation is not None:
            accuracy = event.evaluation.test.accuracy
            sys.stderr.write(f"epoch {event.epoch}: {accuracy:.2%} of the test pieces\n")
    return trainer.predictor


def _pieces_of(digits: Split, rows: int, *, rng: np.random.Generator) -> Split:
    fields, labels = zip(*labelled_pieces(digits.images, rows, rng=rng), strict=True)
    return Split(np.stack(fields), np.array(labels, np.uint8), SPEC)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tui.models.make_wholeness FILE")
    write_shipped(Path(sys.argv[1]), train_wholeness(load_dataset()))


if __name__ == "__main__":
    main()
