"""The runs that figures are drawn of: saved ones, or recipes that are trained for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from functools import cached_property
from pathlib import Path

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from nn.network.predictor import Predictor
from nn.recipes import Recipe
from nn.spec import DataSpec
from nn.storage.checkpoint import load_model
from nn.storage.run_lookup import find_run, names_meant
from nn.storage.runs import SavedRun, config_differences, list_runs, run_names
from tui.cli.commands.runs import saved_history
from tui.cli.headless import report
from tui.cli.reporters.base import Reporter, Silence
from tui.images.datasets import load_once
from tui.recording.experiment import Experiment
from tui.recording.history import RunHistory
from tui.recording.resumption import check_data, where_saved
from tui.recording.source import RunSource, Saving
from tui.system.exits import CommandError, ExitCode
from tui.system.sharing import make_trainer
from tui.system.terminal import is_live


class DrawnRun:
    """A `FigureRun`: a saved run, or a recipe, whose run is trained where it is needed.

    A run that is trained for a recipe is saved, so that the next figures of it need no training.
    """

    def __init__(
        self, name: str, saved: SavedRun | None, experiment: Experiment, runs_dir: Path | None
    ) -> None:
        self.name, self.saved, self.experiment = name, saved, experiment
        self._runs_dir = runs_dir

    @classmethod
    def of_saved(cls, root: Path, word: str) -> DrawnRun:
        """The saved run that a word means, under the name of its folder; raises `StorageError`."""
        saved = find_run(root, word)
        return cls(saved.name, saved, Experiment.of_saved(saved.record), None)

    @classmethod
    def of_recipe(cls, recipe: Recipe, root: Path, runs_dir: Path | None) -> DrawnRun:
        """The newest complete run of a recipe as it stands, or one that is yet to be trained."""
        experiment = Experiment(recipe.config, recipe.name, recipe.config)
        saved = next((run for run in list_runs(root)[0] if _is_run_of(run, recipe)), None)
        return cls(recipe.name, saved, experiment, runs_dir)

    @property
    def config(self) -> TrainConfig:
        """The configuration of the run."""
        return self.experiment.config

    @property
    def spec(self) -> DataSpec:
        """The size of the images and the names of the classes, for which nothing is trained."""
        return self.saved.record.spec if self.saved else self.dataset.spec

    @cached_property
    def history(self) -> RunHistory:
        """The evaluations, as they are saved or were made."""
        return saved_history(self.saved) if self.saved else self._trained[0]

    @cached_property
    def predictor(self) -> Predictor:
        """The network with the weights that the run ended with."""
        return load_model(self.saved, "last") if self.saved else self._trained[1]

    @cached_property
    def dataset(self) -> Dataset:
        """The data; raises `StorageError` where they are no longer those of a saved run."""
        data = load_once(self.config.data_dir)
        if self.saved is not None:
            check_data(self.saved, data)
        return data

    @property
    def step_losses(self) -> Sequence[tuple[int, float]]:
        """The loss of each step. It is not saved, so a saved run is trained once more for it."""
        if self.saved is None:
            return self._trained[0].steps
        if self.history.rate_changes:
            raise ConfigError(
                f"steps: the learning rate of {self.name} was changed by hand, so that the run"
                " cannot be repeated, and the losses of its steps are not saved"
            )
        last = self.saved.record.step
        return [(step, loss) for step, loss in self._trained[0].steps if step <= last]

    @cached_property
    def _trained(self) -> tuple[RunHistory, Predictor]:
        """What a training run brings; that of a recipe is saved."""
        again = self.saved is not None
        why = "the losses of its steps are not saved" if again else "no run of it is saved"
        sys.stderr.write(f"training {self.name}{' once more' if again else ''}: {why}\n")
        source = RunSource(self.experiment, Saving(not again, self._runs_dir))
        with (
            source,
            closing(
                make_trainer(self.config, self.dataset, step_interval=0.0, saved=source.layout)
            ) as trainer,
        ):
            source.restore(trainer)
            recorder, warnings = source.recorder(trainer)
            folder = recorder.folder
            code = report(trainer, recorder, warnings, _reporter(self.name))
            if code is not ExitCode.SUCCESS:
                end = where_saved(folder)
                raise CommandError(f"the training of {self.name} was interrupted{end}", code)
            return recorder.history, trainer.predictor


def _reporter(title: str) -> Reporter:
    if is_live(sys.stderr):
        from tui.cli.reporters.progress import BarReporter

        return BarReporter(sys.stderr, title)
    return Silence()


def _is_run_of(run: SavedRun, recipe: Recipe) -> bool:
    """Whether a saved run is this recipe, complete and without any change that matters."""
    record = run.record
    if record.recipe != recipe.name or record.init_from or record.save_error:
        return False
    differences = set(config_differences([record.config, recipe.config]))
    if run.status != "finished" or differences - {"threads", "processes"}:
        return False
    return not saved_history(run).rate_changes


def is_run(root: Path, word: str) -> bool:
    """Whether a word may mean a saved run: `last`, a folder, a name or a part of one."""
    if word == "last" or os.sep in word or (os.altsep and os.altsep in word):
        return True
    return bool(names_meant(word, run_names(root)))
