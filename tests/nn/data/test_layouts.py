"""Data sets as they are published: every layout gives the same images, and classes have names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nn.data.dataset import load_dataset
from tests.support.layouts import (
    COLUMNS,
    LAYOUTS,
    ROWS,
    TEST,
    TRAIN,
    emnist,
    labels_of,
    table,
    toy,
    write_idx,
)
from tests.support.tiny_data import idx_bytes


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_layout_gives_the_same_images(tmp_path: Path, name: str) -> None:
    dataset = load_dataset(str(LAYOUTS[name](tmp_path)))
    assert (dataset.spec.rows, dataset.spec.columns) == (ROWS, COLUMNS)
    assert dataset.spec.names == ("0", "1", "2")
    np.testing.assert_array_equal(dataset.train.images, TRAIN.reshape(30, -1))
    np.testing.assert_array_equal(dataset.train.labels, labels_of(30))
    np.testing.assert_array_equal(dataset.test.images, TEST.reshape(9, -1))
    np.testing.assert_array_equal(dataset.test.labels, labels_of(9))
    assert dataset.remark.startswith("recognized ")
    assert "\n" not in dataset.remark


@pytest.mark.parametrize("header", [False, True])
def test_square_images_need_no_names_of_columns(tmp_path: Path, header: bool) -> None:
    images = toy(20, shape=(8, 8))
    path = tmp_path / "digits.csv"
    path.write_text(table(images, labels_of(20), header=header))
    dataset = load_dataset(str(path))
    assert dataset.spec.shape == (8, 8)
    assert len(dataset.train) + len(dataset.test) == 20


def test_a_label_column_anywhere_is_known_by_its_name(tmp_path: Path) -> None:
    images = toy(20, shape=(4, 4))
    lines = [
        ",".join([*map(str, image.ravel().tolist()), str(label)])
        for image, label in zip(images, labels_of(20).tolist(), strict=True)
    ]
    path = tmp_path / "last.csv"
    path.write_text("\n".join([",".join([*(f"pixel{i}" for i in range(16)), "class"]), *lines]))
    dataset = load_dataset(str(path))
    counts = np.bincount(np.concatenate([dataset.train.labels, dataset.test.labels]))
    np.testing.assert_array_equal(counts, np.bincount(labels_of(20)))
    assert any((dataset.train.images[0] == image.ravel()).all() for image in images)


def test_values_from_0_to_1_become_bytes(tmp_path: Path) -> None:
    path = tmp_path / "shares.csv"
    rows = [f"{i % 2},0.0,1.0,0.5,{i / 20}" for i in range(20)]
    path.write_text("\n".join(rows))
    images = load_dataset(str(path)).train.images
    assert images[:, 1].tolist() == [255] * len(images)
    assert images[:, 2].tolist() == [128] * len(images)


def test_without_test_images_a_share_of_each_class_is_held_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "one.csv"
    path.write_text(table(toy(36, shape=(4, 4)), labels_of(36), header=False))
    first, second = load_dataset(str(path)), load_dataset(str(path))
    assert np.bincount(first.test.labels).tolist() == [2, 2, 2]
    assert len(first.train) == 30
    assert "no test images: 6 of 36 images" in first.remark
    np.testing.assert_array_equal(first.test.images, second.test.images)
    assert first.sha256 == second.sha256


def test_a_file_of_images_without_labels_is_left_out_and_told(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(table(toy(36, shape=(4, 4)), labels_of(36), header=False))
    (tmp_path / "test.csv").write_text("\n".join(",".join("0" * 16) for _ in range(5)))
    dataset = load_dataset(str(tmp_path))
    assert "test.csv has no labels and is left out" in dataset.remark
    assert len(dataset.test) == 6


def test_other_data_have_another_hash(tmp_path: Path) -> None:
    one, other = tmp_path / "one.npz", tmp_path / "other.npz"
    np.savez(one, x=TRAIN, y=labels_of(30))
    np.savez(other, x=TRAIN, y=labels_of(30)[::-1])
    assert load_dataset(str(one)).sha256 != load_dataset(str(other)).sha256


@pytest.mark.parametrize(
    ("split", "classes", "first", "ends"),
    [
        ("letters", 26, 1, "AZ"),
        ("balanced", 47, 0, "0t"),
        ("bymerge", 47, 0, "0t"),
        ("byclass", 62, 0, "0z"),
        ("digits", 10, 0, "09"),
        ("mnist", 10, 0, "09"),
    ],
)
def test_emnist_is_turned_upright_and_named(
    tmp_path: Path, split: str, classes: int, first: int, ends: str
) -> None:
    """EMNIST's images lie on their side, and its letters count from 1."""
    dataset = emnist(tmp_path, split, classes, first)
    assert dataset.spec.classes == classes
    assert dataset.spec.names[0] + dataset.spec.names[-1] == ends
    assert dataset.train.labels.min() == 0


@pytest.mark.parametrize(
    ("folder", "classes", "name"),
    [
        ("FashionMNIST/raw", 10, "Ankle boot"),
        ("kmnist", 10, "wo"),
        ("k49", 49, "iteration mark"),
        ("kuzushiji49/raw", 49, "iteration mark"),
        ("mine", 10, "9"),
    ],
)
def test_published_names_are_known_by_the_folder(
    tmp_path: Path, folder: str, classes: int, name: str
) -> None:
    at = tmp_path / folder
    at.mkdir(parents=True)
    for part, count in (("train", 2 * classes), ("t10k", classes)):
        images, labels = toy(count, shape=(28, 28)), labels_of(count, classes)
        (at / f"{part}-images-idx3-ubyte").write_bytes(idx_bytes(images))
        (at / f"{part}-labels-idx1-ubyte").write_bytes(idx_bytes(labels))
    dataset = load_dataset(str(at))
    assert dataset.spec.names[-1] == name
    assert dataset.name == folder.partition("/")[0]


def test_qmnist_labels_are_the_first_of_eight_numbers(tmp_path: Path) -> None:
    labels = np.arange(240).reshape(30, 8)
    labels[:, 0] = labels_of(30)
    wide = bytes([0, 0, 0x0C, 2]) + b"".join(n.to_bytes(4, "big") for n in labels.shape)
    for part in ("train", "test"):
        (tmp_path / f"qmnist-{part}-images-idx3-ubyte").write_bytes(idx_bytes(TRAIN))
        (tmp_path / f"qmnist-{part}-labels-idx2-int").write_bytes(
            wide + labels.astype(">i4").tobytes()
        )
    np.testing.assert_array_equal(load_dataset(str(tmp_path)).train.labels, labels_of(30))


def test_names_stand_in_labels_txt(tmp_path: Path) -> None:
    write_idx(tmp_path)
    (tmp_path / "labels.txt").write_text("apple\nsour cherry\n\nquince\n")
    assert load_dataset(str(tmp_path)).spec.names == ("apple", "sour cherry", "quince")
    (tmp_path / "labels.txt").write_text("2 quince\n0 apple\n1\tsour cherry\n")
    assert load_dataset(str(tmp_path)).spec.names == ("apple", "sour cherry", "quince")


def test_labels_with_gaps_are_closed_up_where_each_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gaps.npz"
    np.savez(path, x=TRAIN, y=labels_of(30) * 50)
    (tmp_path / "labels.txt").write_text("0 zero\n50 fifty\n100 hundred\n")
    dataset = load_dataset(str(path))
    assert dataset.spec.names == ("zero", "fifty", "hundred")
    assert set(dataset.train.labels.tolist()) == {0, 1, 2}
