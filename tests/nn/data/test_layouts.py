"""Each layout of a data folder or file, read to the same images; what does not fit, refused."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from nn.arrays import Array
from nn.data.dataset import Dataset, load_dataset
from nn.errors import DataError
from tests.support.tiny_data import idx_bytes

ROWS, COLUMNS, CLASSES = 20, 12, 3


def toy(count: int, classes: int = CLASSES, shape: tuple[int, int] = (ROWS, COLUMNS)) -> Array:
    """Random images (count, rows, columns); the label of image i is i modulo the classes."""
    return np.random.default_rng(count).integers(0, 256, (count, *shape), dtype=np.uint8)


def labels_of(count: int, classes: int = CLASSES) -> Array:
    return (np.arange(count) % classes).astype(np.uint8)


TRAIN, TEST = toy(30), toy(9)


def write_idx(
    folder: Path,
    names: tuple[str, str, str, str] = (
        "train-images.idx3-ubyte",
        "train-labels.idx1-ubyte",
        "t10k-images.idx3-ubyte",
        "t10k-labels.idx1-ubyte",
    ),
    *,
    pack: bool = False,
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    arrays = TRAIN, labels_of(30), TEST, labels_of(9)
    for name, array in zip(names, arrays, strict=True):
        content = idx_bytes(array)
        (folder / name).write_bytes(gzip.compress(content) if pack else content)


def table(images: Array, labels: Array, *, header: bool, delimiter: str = ",") -> str:
    rows = np.column_stack([labels, images.reshape(len(images), -1)])
    lines = [delimiter.join(map(str, row)) for row in rows.tolist()]
    if header:
        _, down, across = images.shape
        names = [f"{r}x{c}" for r in range(1, down + 1) for c in range(1, across + 1)]
        lines.insert(0, delimiter.join(["label", *names]))
    return "\n".join(lines) + "\n"


def idx_in_folders(at: Path) -> Path:
    """Some archives unpack to a folder for each file."""
    write_idx(at)
    for path in list(at.iterdir()):
        content = path.read_bytes()
        path.unlink()
        path.mkdir()
        (path / path.name).write_bytes(content)
    return at


def torchvision_root(at: Path) -> Path:
    write_idx(at / "MNIST" / "raw", pack=True)
    write_idx(at / "MNIST" / "raw")
    return at


def one_idx_file(at: Path) -> Path:
    names = ("TRAIN-IMAGES.GZ", "Train-Labels.gz", "t10k-images", "t10k-labels")
    write_idx(at, names, pack=True)
    return at / "Train-Labels.gz"


def prefixed(at: Path) -> Path:
    starts = ("toy-train-images-idx3", "toy-train-labels-idx1", "toy-test-images-idx3")
    write_idx(at, (*(f"{s}-ubyte" for s in starts), "toy-test-labels-idx1-ubyte"), pack=True)
    return at / "toy"


def keras(at: Path) -> Path:
    path = at / "mnist.npz"
    arrays = {"x_train": TRAIN, "y_train": labels_of(30), "x_test": TEST, "y_test": labels_of(9)}
    np.savez_compressed(path, **arrays)
    return path


def keras_in_a_folder(at: Path) -> Path:
    keras(at)
    return at


def an_archive_for_each(at: Path) -> Path:
    for part, images in (("train", TRAIN), ("test", TEST)):
        np.savez_compressed(at / f"toy-{part}-imgs.npz", images)
        np.savez_compressed(at / f"toy-{part}-labels.npz", labels_of(len(images)))
    return at


def one_of_such_archives(at: Path) -> Path:
    return an_archive_for_each(at) / "toy-test-labels.npz"


def fractions_and_one_hot(at: Path) -> Path:
    path = at / "own.npz"
    np.savez(
        path,
        x_train=(TRAIN / 255.0)[..., None],
        y_train=np.eye(CLASSES)[labels_of(30)],
        x_test=(TEST / 255.0).astype(np.float32)[..., None],
        y_test=labels_of(9)[:, None].astype(np.int64),
    )
    return path


def csv_folder(at: Path) -> Path:
    (at / "toy_train.csv").write_text(table(TRAIN, labels_of(30), header=True))
    (at / "toy_test.csv").write_text(table(TEST, labels_of(9), header=True))
    return at


def csv_file_and_its_partner(at: Path) -> Path:
    return csv_folder(at) / "toy_train.csv"


def packed_csv_with_tabs(at: Path) -> Path:
    for part, images in (("train", TRAIN), ("test", TEST)):
        text = table(images, labels_of(len(images)), header=True, delimiter="\t")
        (at / f"{part}.csv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    return at


LAYOUTS: dict[str, Callable[[Path], Path]] = {
    each.__name__: each
    for each in (
        idx_in_folders,
        torchvision_root,
        one_idx_file,
        prefixed,
        keras,
        keras_in_a_folder,
        an_archive_for_each,
        one_of_such_archives,
        fractions_and_one_hot,
        csv_folder,
        csv_file_and_its_partner,
        packed_csv_with_tabs,
    )
}


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


def emnist(folder: Path, split: str, classes: int, first: int) -> Dataset:
    upright = toy(2 * classes, shape=(28, 28))
    labels = labels_of(2 * classes, classes) + first
    folder.mkdir(parents=True, exist_ok=True)
    for part in ("train", "test"):
        lying = idx_bytes(np.ascontiguousarray(upright.transpose(0, 2, 1)))
        start = f"emnist-{split}-{part}"
        (folder / f"{start}-images-idx3-ubyte.gz").write_bytes(gzip.compress(lying))
        content = idx_bytes(labels.astype(np.uint8))
        (folder / f"{start}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(content))
    dataset = load_dataset(str(folder / f"emnist-{split}"))
    np.testing.assert_array_equal(dataset.train.images, upright.reshape(len(upright), -1))
    assert "rows and columns exchanged" in dataset.remark
    return dataset


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


def test_a_folder_with_several_datasets_asks_for_one(tmp_path: Path) -> None:
    emnist(tmp_path / "EMNIST" / "raw", "digits", 10, 0)
    emnist(tmp_path / "EMNIST" / "raw", "letters", 26, 1)
    with pytest.raises(DataError, match=r"several datasets: .*emnist-digits.*name one, such as"):
        load_dataset(str(tmp_path))


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
