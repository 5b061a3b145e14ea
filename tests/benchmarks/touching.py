"""How many rows of digits that touch are read rightly.

Run with `python -m tests.benchmarks.touching`. Test digits of MNIST are pushed together until their
ink touches (`tui.models.make_wholeness.touching_row`), drawn dark on bright, and read like any
picture by the networks of the package. For each number of digits: the share of rows that are read
rightly, the share cut into the right number, and the share answered wrongly without being unsure.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from nn.data.dataset import load_dataset
from nn.errors import DataError
from tests.support.pictures import encode, grey
from tui.cli.commands.predict import DIGIT, SURE
from tui.images.reading import read_content
from tui.images.splitting import split_touching
from tui.models.make_wholeness import touching_row
from tui.models.shipped import shipped_model
from tui.models.wholeness import wholeness_model


def answer(content: bytes) -> tuple[list[int], bool]:
    """The digits of a picture, and whether all of them are sure."""
    recognize, wholeness = shipped_model().probabilities, wholeness_model().probabilities
    try:
        (reading,) = read_content(content)
    except DataError:
        return [], False
    reading = split_touching(reading, recognize, wholeness)
    found = recognize(np.stack([digit.field for digit in reading.digits]))
    whole = min(digit.wholeness for digit in reading.digits)
    sure = whole >= DIGIT and float(found.max(axis=1).min()) >= SURE
    return found.argmax(axis=1).tolist(), sure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="rows of each number of digits")
    options = parser.parse_args()
    test = load_dataset().test
    for digits in (1, 2, 3):
        rng = np.random.default_rng(digits)
        right, counted, misled, seconds = 0, 0, 0, 0.0
        for _ in range(options.count):
            chosen = rng.choice(len(test), digits)
            ink, _ = touching_row(test.images[chosen], rng=rng)
            content = encode(grey(245 - 215 * np.pad(ink, 20)))
            started = time.process_time()
            found, sure = answer(content)
            seconds += time.process_time() - started
            expected = test.labels[chosen].tolist()
            right += found == expected
            counted += len(found) == digits
            misled += sure and found != expected
        shares = [f"{name} {number / options.count:.1%}" for name, number in (
            ("right", right), ("of the right number", counted), ("wrong and sure", misled)
        )]  # fmt: skip
        milliseconds = 1000 * seconds / options.count
        print(f"{digits} in a row: {', '.join(shares)}; {milliseconds:.0f} ms", flush=True)


if __name__ == "__main__":
    main()
