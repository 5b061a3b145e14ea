"""Folders of pictures as datasets, from the command line to a trained network."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import DataError
from nn.training.trainer import Trainer
from tests.support.bands import write_bands
from tui.images.datasets import load_dataset


def test_the_embedded_images_are_read_once_by_all_threads_and_a_folder_each_time(
    tmp_path: Path,
) -> None:
    with ThreadPoolExecutor(4) as threads:
        embedded = list(threads.map(lambda _: load_dataset(), range(4)))
    assert all(dataset is embedded[0] for dataset in embedded)
    write_bands(tmp_path, 30)
    assert load_dataset(str(tmp_path)) is not load_dataset(str(tmp_path))


def test_class_folders_with_train_and_test(tmp_path: Path) -> None:
    write_bands(tmp_path / "train", 30)
    write_bands(tmp_path / "test", 9)
    dataset = load_dataset(str(tmp_path))
    assert dataset.spec.names == ("apple", "plum", "quince")
    assert dataset.spec.shape == (20, 12)
    assert (len(dataset.train), len(dataset.test)) == (30, 9)
    assert "no test images" not in dataset.remark


def test_a_test_folder_without_classes_is_left_out_and_told(tmp_path: Path) -> None:
    write_bands(tmp_path / "train", 30)
    (tmp_path / "test").mkdir()
    Image.new("L", (12, 20)).save(tmp_path / "test" / "1.png")
    dataset = load_dataset(str(tmp_path))
    assert "test has no folders of classes and is left out" in dataset.remark
    assert len(dataset.test) == 6


def test_a_network_learns_them_to_the_last(tmp_path: Path) -> None:
    write_bands(tmp_path, 60)
    dataset = load_dataset(str(tmp_path))
    config = TrainConfig(hidden=(8,), epochs=20, batch_size=10, threads=1)
    trainer = Trainer(config, dataset)
    for _ in trainer.events():
        pass
    assert trainer.model.sizes == (240, 8, 3)
    assert trainer.predictor.score(dataset.test).accuracy == 1.0


def test_numbered_folders_are_their_labels(tmp_path: Path) -> None:
    write_bands(tmp_path, 36, names=tuple(map(str, range(12))))
    dataset = load_dataset(str(tmp_path))
    assert dataset.spec.names == tuple(map(str, range(12)))  # 10 comes after 9
    assert not dataset.spec.has_names


def test_names_of_folders_in_another_order(tmp_path: Path) -> None:
    write_bands(tmp_path, 18)
    (tmp_path / "labels.txt").write_text("quince\napple\nplum\n")
    assert load_dataset(str(tmp_path)).spec.names == ("quince", "apple", "plum")
    (tmp_path / "labels.txt").write_text("quince\napple\npear\n")
    with pytest.raises(DataError, match=r"labels\.txt: there is no folder pear"):
        load_dataset(str(tmp_path))


def test_of_a_file_of_several_pictures_the_first_is_used_and_told(tmp_path: Path) -> None:
    write_bands(tmp_path, 18)
    one, other = (Image.new("L", (12, 20), grey) for grey in (40, 200))
    one.save(tmp_path / "plum" / "scan.tif", save_all=True, append_images=[other])
    one.save(tmp_path / "plum" / "alone.tif")
    dataset = load_dataset(str(tmp_path))
    assert "1 file has several pages or frames, of which only the first is used" in dataset.remark
    assert len(dataset.train) + len(dataset.test) == 20
    images = np.concatenate([dataset.train.images, dataset.test.images])
    assert (images.mean(axis=1) == 40).sum() == 2
    one.save(tmp_path / "apple" / "moves.gif", save_all=True, append_images=[other])
    assert "2 files have several pages" in load_dataset(str(tmp_path)).remark


def test_pictures_of_other_sizes_are_fitted_and_told(tmp_path: Path) -> None:
    write_bands(tmp_path, 18)
    odd = Image.fromarray(np.full((40, 10), 255, np.uint8))
    odd.save(tmp_path / "plum" / "tall.png")
    dataset = load_dataset(str(tmp_path))
    assert dataset.spec.shape == (20, 12)
    assert "1 pictures of other sizes (10x40) fitted into 12x20" in dataset.remark


def test_where_sizes_differ_altogether_they_become_those_of_mnist(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for side in range(10, 22):
            picture = Image.fromarray(np.full((side, 2 * side), side, np.uint8))
            picture.save(tmp_path / name / f"{side}.bmp")
    dataset = load_dataset(str(tmp_path))
    assert dataset.spec.shape == (28, 28)
    assert "fitted into 28x28" in dataset.remark


def test_large_pictures_are_reduced_and_told(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(4):
            Image.new("RGB", (400, 200), "white").save(tmp_path / name / f"{number}.jpg")
    dataset = load_dataset(str(tmp_path))
    assert dataset.spec.shape == (64, 128)
    assert "8 pictures reduced to 128 pixels a side" in dataset.remark


def damaged(folder: Path) -> None:
    path = folder / "plum" / "1.png"
    path.write_bytes(path.read_bytes()[:60])


def text_named_png(folder: Path) -> None:
    (folder / "plum" / "1.png").write_text("not a picture")


def one_class(folder: Path) -> None:
    for name in ("apple", "plum"):
        for path in (folder / name).iterdir():
            path.unlink()


def skipped_number(folder: Path) -> None:
    for number, name in zip((0, 1, 3), ("apple", "plum", "quince"), strict=True):
        (folder / name).rename(folder / str(number))


def unknown_test_class(folder: Path) -> None:
    write_bands(folder / "train", 9)
    write_bands(folder / "test", 9, names=("apple", "pear", "quince"))


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a damaged picture": (damaged, r"plum/1\.png: damaged: .*take it away or repair it"),
    "no picture": (text_named_png, r"plum/1\.png: not a picture \(PNG"),
    "a single class": (one_class, "at least two classes"),
    "a skipped number": (skipped_number, "go to 3 but skip 2"),
    "a class in test alone": (unknown_test_class, "pear: a class without training images"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named_in_a_line(tmp_path: Path, name: str) -> None:
    break_it, reason = FAULTS[name]
    write_bands(tmp_path, 18)
    break_it(tmp_path)
    with pytest.raises(DataError, match=reason) as caught:
        load_dataset(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_what_tui_reads_without_pictures_is_what_nn_reads(tiny_folder: Path, tiny: Dataset) -> None:
    dataset = load_dataset(str(tiny_folder))
    np.testing.assert_array_equal(dataset.train.images, tiny.train.images)
    assert dataset.spec == tiny.spec
