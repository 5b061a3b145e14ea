"""Models of other programs, kept as saved runs that have ended before their first step."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from nn.config import ActivationName
from nn.data.dataset import Dataset
from nn.errors import ConfigError, NNError, StorageError
from nn.events import Evaluation, StepCompleted
from nn.network.predictor import Predictor
from nn.storage.model_file import write_model
from nn.storage.positions import BEST_FILE
from nn.storage.records import Invocation, Recorded, json_line, record_of
from nn.storage.run_record import Member
from nn.storage.run_writer import RunWriter, delete_run
from nn.storage.runs import SavedRun
from nn.training.trainer import Trainer
from tui.formatting import on_one_line
from tui.models.opening import is_own, open_model
from tui.recording.experiment import Experiment
from tui.recording.invocation import invocation_of, new_record
from tui.system.shell import command_line

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def import_model(
    path: Path,
    root: Path,
    data: Callable[[], Dataset],
    *,
    activation: ActivationName | None = None,
    label: str | None = None,
    data_dir: str = "",
) -> tuple[SavedRun, tuple[str, ...]]:
    """Save the network of a model file as a run in `root`; also returns what was guessed.

    `data` reads the images of `data_dir`, by which the network is scored. `label` ends the name of
    the run's folder; without one, the name of the file does. Raises `StorageError` or
    `ConfigError`.
    """
    check_label(label)
    if os.path.isdir(path):
        raise StorageError(f"{path}: a folder; a file with weights is wanted")
    opened = open_model(path, data, activation=activation)
    predictor, dataset = opened.predictor, data()
    check_spec(predictor, dataset, path)
    predictor = predictor.on_data(data_dir)
    source = on_one_line(str(path.absolute()))
    command = ["mnist-tui", "import", str(path.absolute())]
    if not is_own(path):
        command.append(f"--activation={predictor.config.activation}")
    run = keep_model(
        predictor,
        root,
        dataset,
        label=label or _label_of(path),
        command=command,
        source=source,
        reason=f"{predictor.kind}, imported from {source}".removeprefix(", "),
        members=[
            Member(f"member {number}", member.score(dataset.test))
            for number, member in enumerate(predictor.members, 1)
            if predictor.kind
        ],
    )
    return run, opened.remarks


def keep_model(
    predictor: Predictor,
    root: Path,
    dataset: Dataset,
    *,
    label: str,
    command: Sequence[str],
    source: str,
    reason: str,
    members: Sequence[Member] = (),
) -> SavedRun:
    """Save a network as a run in `root` that has ended before its first step.

    `source` is where it comes from, `command` made it, and `members` are those of a committee.
    Raises `StorageError`.
    """
    config = predictor.config
    experiment = Experiment(config)
    with closing(Trainer(config, dataset)) as trainer:
        evaluation = _evaluation(predictor, trainer)
        writer = RunWriter.create(root, label, datetime.now())
        try:
            invocation = replace(
                invocation_of(experiment, None, run=writer.path), command=command_line([*command])
            )
            writer.append(_lines(trainer, evaluation, invocation))
            write_model(writer.path / BEST_FILE, predictor, step=0)
            writer.save_final(predictor, 0)
            record = replace(
                new_record(writer.path.name, trainer, experiment, invocation),
                status="finished",
                reason=reason,
                latest=evaluation,
                best=evaluation,
                kept_step=0,
                parameters=sum(member.model.trained_count for member in predictor.members),
                imported_from=source,
                members=tuple(members),
            )
            writer.save_record(record)
        except NNError:
            writer.close()
            delete_run(writer.path)
            raise
    writer.close()
    return SavedRun.read(writer.path)


def check_label(label: str | None) -> None:
    """Raise `ConfigError` for what cannot be the end of a folder's name."""
    if label is not None and not _LABEL.fullmatch(label):
        raise ConfigError(f"--name {label}: letters, digits, dots, dashes and underscores only")


def check_spec(predictor: Predictor, dataset: Dataset, path: Path) -> None:
    """Raise `StorageError` unless a network takes such images and knows as many classes."""
    model, data = predictor.spec, dataset.spec
    if (model.shape, model.classes) == (data.shape, data.classes):
        return
    trained_on = predictor.config.data_dir
    hint = f", such as --data-dir={trained_on}" if trained_on else ""
    raise StorageError(
        f"{path}: takes images of {model.size} pixels and knows {model.classes} classes, where"
        f" {dataset.name} has {data.size} and {data.classes}; name the data that it was trained"
        f" on{hint}"
    )


def _label_of(path: Path) -> str:
    """The file's name without what a folder's name should not contain."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-._")[:60]
    return name or "imported"


def _evaluation(predictor: Predictor, trainer: Trainer) -> Evaluation:
    # Images that one member was not trained on, another was. To show all training images to many
    # networks, many times, would take minutes besides.
    splits = {
        name: split
        for name, split in trainer.splits.items()
        if name == "test" or not predictor.kind
    }
    scores = {name: predictor.score(split) for name, split in splits.items()}
    return Evaluation(
        step=0,
        epoch=0.0,
        train=scores.get("train"),
        validation=scores.get("validation"),
        test=scores["test"],
        improved=True,
        seconds=0.0,
    )


def _lines(trainer: Trainer, evaluation: Evaluation, invocation: Invocation) -> list[str]:
    """The events of the run: its start, and the one evaluation."""
    started = next(trainer.events())
    step = StepCompleted(
        step=0,
        epoch=1,
        loss=evaluation.train.loss if evaluation.train else math.nan,
        learning_rate=0.0,
        gradient_norms=(),
        samples_per_second=0.0,
        seconds=0.0,
        evaluation=evaluation,
    )
    events: list[Recorded] = [started, step]  # type: ignore[list-item]
    return [json_line(record_of(event, invocation)) for event in events]
