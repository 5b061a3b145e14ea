"""A dataset of the images that a folder or file holds: classes with names, and a test split."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from nn.data.classes import (
    NAMES_FILE,
    Listed,
    check_range,
    data_spec,
    known_dataset,
    listed_classes,
    numbered,
    read_names,
)
from nn.data.dataset import Dataset, Split, joined_digest, stratified_split
from nn.data.layouts import find_data
from nn.data.picture_folders import ReadPictures
from nn.data.samples import Found, Samples
from nn.errors import ConfigError, DataError
from nn.spec import MNIST, DataSpec

TEST_SHARE = 1 / 6  # of the images of each class, where there are none for testing


def expanded(data_dir: str) -> Path:
    """The path that is meant, with the home in place of ~; raises `DataError` if none is known."""
    try:
        return Path(data_dir).expanduser()
    except RuntimeError as error:
        reason = "the home that ~ stands for is not known; give the whole path"
        raise DataError(f"data folder {data_dir}: {reason}") from error


def assembled(data_dir: str, read_pictures: ReadPictures | None) -> Dataset:
    """The dataset in a folder or file: its classes by name, and a test split in any case."""
    return _dataset(find_data(expanded(data_dir), read_pictures))


def _dataset(found: Found) -> Dataset:
    train, test = found.train, found.test
    shape = train.images.shape[1:]
    if test is not None and test.images.shape[1:] != shape:
        sizes = [f"{s.images.shape[2]}x{s.images.shape[1]}" for s in (train, test)]
        raise DataError(f"{test.where}: images of {sizes[1]} pixels, those for training {sizes[0]}")
    known = known_dataset(found.words) if shape == MNIST.shape else None
    remarks = [*found.remarks]
    labels, listed = [part.labels for part in (train, test) if part is not None], _listed(found)
    for part in (train, test):
        if part is not None and listed is None:
            check_range(part.labels, part.where)
    try:
        classes = listed_classes(np.concatenate(labels), listed, known)
    except DataError as error:
        raise DataError(f"{train.where}: {error}") from error
    spec = data_spec(shape, classes, train.where)
    kind = found.kind
    if known is not None and (known.transposed or classes is known.listed):
        kind = f"{known.title} ({found.kind})"
    if known is not None and known.transposed:
        remarks.insert(0, "rows and columns exchanged, since EMNIST stores its images lying")
    parts = [
        _split(part, classes, spec, transposed=known is not None and known.transposed)
        for part in (train, test)
        if part is not None
    ]
    if len(parts) == 2:
        learned, tested = parts
    else:
        learned, tested = _made_test(parts[0], train.where)
        remarks.append(
            f"no test images: {len(tested):,} of {len(parts[0]):,} images, a share of each"
            " class, are held out for testing"
        )
    what = f"recognized {kind}: {spec.size} pixels, {spec.classes} classes"
    if spec.has_names:
        what += f" ({', '.join(spec.names[:3])}{', ...' if spec.classes > 3 else ''})"
    sha256 = _digest(found, learned, tested, transposed=known is not None and known.transposed)
    return Dataset(learned, tested, found.name, sha256, "; ".join([what, *remarks]))


def _listed(found: Found) -> Listed | None:
    """The classes in the file of names, if there is one, or those that folders are named after."""
    files = [folder / NAMES_FILE for folder in found.folders]
    path = next((file for file in files if file.is_file()), None)
    if path is None:
        return found.listed
    listed = read_names(path)
    folders = found.listed
    if folders is None:
        return listed
    if set(listed.names) != set(folders.names):
        other = sorted(set(listed.names) ^ set(folders.names))[0]
        where = "does not name the folder" if other in folders.names else "there is no folder"
        raise DataError(f"{path}: {where} {other}; it has to name the {len(folders.names)} folders")
    return listed


def _split(samples: Samples, classes: Listed, spec: DataSpec, *, transposed: bool) -> Split:
    images = samples.images
    if transposed:
        images = images.transpose(0, 2, 1)
    flat = np.ascontiguousarray(images).reshape(len(images), spec.pixels)
    return Split(flat, numbered(samples.labels, classes), spec)


def _made_test(split: Split, where: str) -> tuple[Split, Split]:
    """A training and a test split of images that are in one piece; always the same ones."""
    try:
        kept, held_out = stratified_split(
            split.labels, TEST_SHARE, rng=np.random.default_rng(0), least=1
        )
    except ConfigError as error:
        raise DataError(
            f"{where}: {len(split)} images are too few to hold some out for testing"
        ) from error
    return split[kept], split[held_out]


def _digest(found: Found, train: Split, test: Split, *, transposed: bool) -> str:
    """That of the four files for IDX files; of all images and labels for everything else."""
    if found.digests:
        return joined_digest([*found.digests, *(["transposed"] if transposed else [])])
    sha256 = hashlib.sha256()
    for split in (train, test):
        sha256.update(repr(split.images.shape).encode())
        sha256.update(split.images.data)
        sha256.update(split.labels.data)
    return sha256.hexdigest()
