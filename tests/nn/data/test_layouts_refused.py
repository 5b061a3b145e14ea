"""Data sets that are damaged, hostile or unclear are refused in one line."""

from __future__ import annotations

import gzip
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from nn.data.dataset import load_dataset
from nn.errors import DataError
from tests.support.layouts import (
    TRAIN,
    an_archive_for_each,
    emnist,
    labels_of,
    table,
    toy,
    write_idx,
)


def test_a_folder_with_several_datasets_asks_for_one(tmp_path: Path) -> None:
    emnist(tmp_path / "EMNIST" / "raw", "digits", 10, 0)
    emnist(tmp_path / "EMNIST" / "raw", "letters", 26, 1)
    with pytest.raises(DataError, match=r"several datasets: .*emnist-digits.*name one, such as"):
        load_dataset(str(tmp_path))


BAD_NAMES = {
    "too few": ("a\nb\n", r"labels\.txt: names 2 classes, 0 to 1, but the data have the label 2"),
    "too many": ("a\nb\nc\nd\n", "names 4 classes, 0 to 3, but the largest label of the data is 2"),
    "none": ("", "names 0 classes"),
    "101": ("\n".join(f"class {i}x" for i in range(101)), "names 101 classes, expected 2 to 100"),
    "twice": ("a\nb\na\n", "a stands there twice"),
    "a label twice": ("0 a\n1 b\n1 c\n", "1 stands there twice"),
    "a control character": ("a\nb\x1b[2J\nc\n", "cannot be printed"),
    "a long one": (f"a\nb\n{'c' * 100}\n", "a name of more than 60 letters"),
}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_names_that_do_not_fit_are_refused(tmp_path: Path, name: str) -> None:
    write_idx(tmp_path)
    text, reason = BAD_NAMES[name]
    (tmp_path / "labels.txt").write_text(text)
    with pytest.raises(DataError, match=reason) as caught:
        load_dataset(str(tmp_path))
    assert "\n" not in str(caught.value)


BAD_LABELS = {
    "skipped": ([0, 1, 3] * 10, r"go to 3 but skip 2; .*labels\.txt"),
    "from 1 on": ([1, 2, 3] * 10, "skip 0"),
    "101 classes": ([*range(101)], "label 100 is 100, expected 0 to 99"),
    "negative": ([0, 1, -1] * 10, "label 2 is -1"),
    "one class": ([0] * 30, "all labels are 0: a network needs at least two classes"),
    "a fraction": ([0, 1, 1.5] * 10, r"label 1\.5, expected a whole number"),
    "no number": ([0, 1, float("nan")] * 10, "label nan, expected a whole number"),
    "infinity": ([0, 1, float("inf")] * 10, "label inf, expected a whole number"),
}


@pytest.mark.parametrize("name", BAD_LABELS)
def test_labels_that_are_no_classes_are_refused(tmp_path: Path, name: str) -> None:
    labels, reason = BAD_LABELS[name]
    path = tmp_path / "own.npz"
    np.savez(path, x=toy(len(labels), shape=(4, 4)), y=np.array(labels))
    with pytest.raises(DataError, match=reason) as caught:
        load_dataset(str(path))
    assert str(path) in str(caught.value)


BAD_TABLES = {
    "a short line": ("0,1,2,3,4\n1,1,2,3\n", "line 2: 4 columns, expected 5: a label and 4 pixels"),
    "a word": ("0,1,2,3,4\n1,1,two,3,4\n", "line 2: pixel 'two', expected a number"),
    "a name as label": ("0,1,2,3,4\ncat,1,2,3,4\n", "line 2: label 'cat', expected a whole number"),
    "a fraction": ("0,1,2,3,4\n1.5,1,2,3,4\n", r"line 2: label 1\.5, expected a whole number"),
    "an endless label": ("0,1,2,3,4\n1e999,1,2,3,4\n", "line 2: label 1e999, expected a whole"),
    "a large pixel": ("0,1,2,3,4\n\n1,1,2,3,256\n", "line 3: pixel 256, expected 0 to 255"),
    "no number": ("0,1,2,3,4\n1,1,2,3,nan\n", "line 2: pixel nan"),
    "no square": ("0,1,2,3\n1,1,2,3\n", "4 columns: a label and 3 pixels an image are no square"),
    "empty": ("", "not a table"),
    "prose": ("Dear reader,\nthis is no table\n", "not a table"),
    "too few": ("0,1,2,3,4\n1,1,2,3,4\n", "2 images are too few to hold some out"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_tables_are_refused_with_the_line(tmp_path: Path, name: str) -> None:
    text, reason = BAD_TABLES[name]
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=reason) as caught:
        load_dataset(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_packed_table_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv.gz"
    text = table(toy(200, shape=(4, 4)), labels_of(200), header=False)
    path.write_bytes(gzip.compress(text.encode())[:-30])
    with pytest.raises(DataError, match="damaged gzip data"):
        load_dataset(str(path))


UNREADABLE = {
    "empty": (b"", "holds no images"),
    "blank lines": (b"\n \n\n", "holds no images"),
    "not UTF-8": (b"label,\xff\xfe\n", "not UTF-8 text"),
    "gzip that is cut short": (gzip.compress(b"0,1,2,3,4\n")[:-9], "damaged gzip data"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_of_test_images_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    content, reason = UNREADABLE[name]
    (tmp_path / "train.csv").write_text(table(toy(36, shape=(4, 4)), labels_of(36), header=False))
    (tmp_path / "test.csv").write_bytes(content)
    with pytest.raises(DataError, match=rf"test\.csv: {reason}"):
        load_dataset(str(tmp_path))


def test_two_files_of_training_images_are_refused_before_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(BAD_TABLES["a word"][0])
    other = tmp_path / "training.csv"
    other.write_text(table(toy(36, shape=(4, 4)), labels_of(36), header=False))
    with pytest.raises(DataError, match=r"train\.csv and training\.csv .*; name one, such as"):
        load_dataset(str(tmp_path))
    assert load_dataset(str(other)).spec.shape == (4, 4)


def test_no_pickle_is_loaded(tmp_path: Path) -> None:
    """An array of Python objects would execute what is in it."""
    path = tmp_path / "own.npz"
    np.savez(path, x=np.array([{}] * 3, dtype=object), y=np.arange(3))
    with pytest.raises(DataError, match="holds Python objects, a pickle, which is not loaded"):
        load_dataset(str(path))


def test_an_archive_that_promises_more_than_it_has_is_refused(tmp_path: Path) -> None:
    stream = BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|u1", "fortran_order": False, "shape": (10**9, 28, 28)}
    )
    path = tmp_path / "own.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", stream.getvalue())
        archive.writestr("y.npy", stream.getvalue())
    with pytest.raises(DataError, match="does not fit its bytes"):
        load_dataset(str(path))


def test_other_arrays_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, W1=np.zeros((3, 3)), b1=np.zeros(3))
    with pytest.raises(DataError, match="holds b1, w1; expected x_train, y_train"):
        load_dataset(str(path))


def test_images_without_their_labels_are_refused(tmp_path: Path) -> None:
    an_archive_for_each(tmp_path)
    (tmp_path / "toy-test-labels.npz").unlink()
    with pytest.raises(DataError, match="no file of the testing labels beside it"):
        load_dataset(str(tmp_path))


def test_an_archive_of_images_holds_one_array(tmp_path: Path) -> None:
    an_archive_for_each(tmp_path)
    np.savez(tmp_path / "toy-train-imgs.npz", TRAIN, TRAIN)
    with pytest.raises(DataError, match="holds 2 arrays, expected one"):
        load_dataset(str(tmp_path))


def test_sets_of_archives_side_by_side_are_named(tmp_path: Path) -> None:
    an_archive_for_each(tmp_path)
    for path in [*tmp_path.iterdir()]:
        (tmp_path / path.name.replace("toy", "other")).write_bytes(path.read_bytes())
    with pytest.raises(DataError, match=r"name one, such as .*other-train-labels\.npz"):
        load_dataset(str(tmp_path))
    assert load_dataset(str(tmp_path / "toy-train-imgs.npz")).name == "toy"


def test_pictures_need_a_reader(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match="holds pictures"):
        load_dataset(str(tmp_path))
