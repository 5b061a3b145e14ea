"""Datasets of every kind but IDX files, and what reads them."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import numpy as np

from tests.fuzz.mutations import damage, damage_chunk
from tests.fuzz.target import ARCHIVE, TEXT, Target
from tests.support.bands import bands, write_bands
from tui.images.datasets import load_dataset


def dataset_targets(folder: Path) -> list[Target]:
    """An archive, tables, pictures in a folder for each class, and a file of names."""
    folder.mkdir()
    images, labels = bands(30, shape=(6, 6))
    archive = folder / "own.npz"
    np.savez(archive, x=images, y=labels)
    table = folder / "own.csv"
    rows = np.column_stack([labels, images.reshape(len(images), -1)]).tolist()
    table.write_text("\n".join(",".join(map(str, row)) for row in rows))
    packed = folder / "packed.csv.gz"
    packed.write_bytes(gzip.compress(table.read_bytes(), 1))
    pictures = folder / "pictures"
    write_bands(pictures, 12)
    named = folder / "named"
    named.mkdir()
    np.savez(named / "own.npz", x=images, y=labels)
    names = named / "labels.txt"
    names.write_text("0 apple\n1 plum\n2 quince\n")

    def reads(path: Path) -> partial[object]:
        return partial(load_dataset, str(path))

    return [
        Target("dataset.npz", archive, reads(archive), ARCHIVE),
        Target("dataset.csv", table, reads(table), TEXT),
        Target("dataset.csv.gz", packed, reads(packed)),
        Target("class/1.png", pictures / "plum" / "1.png", reads(pictures), (damage, damage_chunk)),
        Target("labels.txt", names, reads(named), TEXT),
    ]
