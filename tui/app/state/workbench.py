"""What all screens share: the configuration, the data, the run and the digit being looked at.

A plain object, used from the screen's thread only. Screens call its methods; the application calls
the shown screen when something has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from tui.app.state.drawing import Drawing
from tui.app.state.present_run import PresentRun
from tui.app.state.shown_run import Post, ShownRun, Snapshot
from tui.app.state.steered_run import Goal
from tui.formatting import count
from tui.recording.source import RunSource, Saving

if TYPE_CHECKING:
    from nn.data.dataset import Dataset, Split
    from nn.storage.runs import SavedRun
    from tui.app.state.browser import Browser
    from tui.app.state.comparison import ComparedCell
    from tui.app.state.followed_run import FollowedRun
    from tui.app.state.seed_pairs import SeedTask
    from tui.app.state.seed_training import SeedTraining
    from tui.app.state.shipped_run import ShippedRun
    from tui.app.state.walking import Pick
    from tui.lessons.tour import Touring
    from tui.recording.experiment import Experiment
    from tui.recording.history import RunHistory

SplitName = Literal["test", "train", "validation"]


class Workbench(PresentRun):
    """The present run, and what of it and of others the screens show.

    Attributes:
        opened: The saved run, or the network of the package, shown in place of the present run.
        overlays: The saved runs whose curves are drawn with those of the present one.
        compared: The two saved runs that are compared, A before B.
        cell: The digits of a comparison that are shown, if they are.
        seeds: The training of more seeds of two settings, if it was begun.
        picked: The images of the walk; where it is empty, the walk has the first training images.
        tour: The lesson that leads through the walk, if one does.
    """

    def __init__(
        self,
        experiment: Experiment | None,
        post: Post,
        *,
        saving: Saving | None = None,
        resumed: RunSource | None = None,
    ) -> None:
        """`resumed` is a saved run to go on with, of which `experiment` is the experiment."""
        super().__init__(experiment, post, saving or Saving(), resumed)
        self.split: SplitName = "test"
        self._index = 0
        self.picked: list[Pick] = []
        self.tour: Touring | None = None
        self._played: Snapshot | None = None
        self.opened: FollowedRun | ShippedRun | None = None
        self.overlays: dict[Path, FollowedRun] = {}
        self.compared: tuple[SavedRun, SavedRun] | None = None
        self.cell: ComparedCell | None = None
        self.seeds: SeedTraining | None = None
        self.drawing = Drawing()

    @property
    def shown(self) -> ShownRun | None:
        """The run that the screens show."""
        return self.opened or self.run

    @property
    def shown_history(self) -> RunHistory | None:
        """The history of the run that the screens show."""
        return self.opened.history if self.opened else self.history

    @property
    def earlier(self) -> list[RunHistory]:
        """The histories to draw behind that of the shown run, no run twice.

        A run of this sitting, once it is saved, may also be opened or be an overlay; its folder
        identifies it.
        """
        drawn = {self.shown_history.folder} if self.shown_history else set()
        earlier = []
        overlays = [each.history for each in self.overlays.values()]
        # Of a run that went on, the newest history holds all of it.
        for history in (*reversed(self.histories), *reversed(overlays)):
            known = history.folder is not None and history.folder in drawn
            if history is not self.shown_history and not known:
                earlier.append(history)
                drawn.add(history.folder)
        return earlier[::-1]

    @property
    def saved_runs(self) -> list[FollowedRun | ShippedRun]:
        """Every saved run that is shown or drawn with the present one."""
        return [*self.overlays.values(), *([self.opened] if self.opened else [])]

    @property
    def snapshot(self) -> Snapshot | None:
        """The copy of the shown run's weights that is looked at: the newest, unless played back."""
        return self.played or (self.shown.snapshot if self.shown else None)

    @property
    def played(self) -> Snapshot | None:
        """The earlier copy of the weights that is looked at, None if it is the newest."""
        snapshots = self.shown.snapshots if self.shown else ()
        return self._played if self._played in snapshots[:-1] else None

    def play(self, by: int) -> None:
        """Look at a later or an earlier copy of the weights; behind the last, at the newest."""
        snapshots = list(self.shown.snapshots) if self.shown else []
        here = snapshots.index(self.played) if self.played else len(snapshots) - 1
        there = max(0, here + by)
        self._played = snapshots[there] if there < len(snapshots) - 1 else None

    @property
    def images(self) -> Split | None:
        """The split being looked at, None until the run is ready."""
        return self.shown.splits.get(self.split) if self.shown else None

    @property
    def index(self) -> int:
        """The digit being looked at, which is always one of `images`, whichever these are now."""
        images = self.images
        return self._index if images is None else max(0, min(self._index, len(images) - 1))

    @index.setter
    def index(self, index: int) -> None:
        self._index = index

    @cached_property
    def browser(self) -> Browser:
        """Which digits are browsed; imported when first used, for it needs NumPy."""
        from tui.app.state.browser import Browser

        return Browser()

    def resume(self, saved: SavedRun, changes: Mapping[str, object]) -> None:
        """Make a saved run ready to go on; raises `ConfigError` where it cannot."""
        self._resumed = RunSource.resumed(saved, changes)
        config = self._resumed.experiment.config
        same = self.run is not None and self.run.folder == saved.path
        before = self.as_configured(saved.record.config) if same else saved.record.config
        self._raised = (before, config)
        self.experiment = self._resumed.experiment
        self.close()
        self._make_ready(Goal.PAUSE)

    def forget_earlier(self) -> str:
        """Drop the curves of all runs but the present one; returns which, in a sentence or two."""
        others = [self.history, *(each.history for each in self.overlays.values())]
        earlier = sum(each not in others for each in self.earlier)  # one that went on counts once
        numbers = (earlier, "earlier run"), (len(self.overlays), "marked run")
        parts = [count(number, kind) for number, kind in numbers if number]
        del self.histories[:-1]
        for saved in list(self.overlays.values()):
            self.overlay(saved.saved)
        if not parts:
            return "The charts show no earlier or marked run that could be forgotten."
        kept = " They stay saved: see Runs." if self.saving.save_run else ""
        return f"The charts no longer show {' and '.join(parts)}.{kept}"

    def open(self, saved: SavedRun, dataset: Dataset | None = None) -> None:
        """Have the screens show a saved run in place of the present one.

        `dataset` is that of the run, if it is in memory.
        """
        from tui.app.state.followed_run import FollowedRun

        self.close()
        dataset = dataset or self.dataset
        self.opened = FollowedRun(saved, self._post, models=True, dataset=dataset)

    @property
    def offers_shipped(self) -> bool:
        """Whether the network of the package could be shown in place of an untrained one."""
        digits = self.data_dir == "" == self.config.data_dir
        snapshot = self.snapshot
        return self.opened is None and digits and snapshot is not None and snapshot.untrained

    def open_shipped(self) -> None:
        """Have the screens show the network of the package in place of the present run's."""
        from tui.app.state.shipped_run import ShippedRun

        self.opened = ShippedRun(self._post, self.dataset)

    def open_cell(self, cell: ComparedCell) -> None:
        """Have the screens show the digits of a comparison on which two runs agree or differ."""
        from tui.app.state.browser import Chosen

        self.open(cell.run, cell.comparison.dataset)
        self.cell, self.split = cell, "test"
        self.browser.choose(Chosen(cell.indices, cell.words, cell.short))
        self.index = cell.indices[0] if cell.indices else 0

    def train_seeds(self, tasks: Sequence[SeedTask], dataset: Dataset) -> None:
        """Train runs of two settings beside the present one, one after the other."""
        from tui.app.state.seed_training import SeedTraining

        self.seeds = SeedTraining(tasks, dataset, self.saving, self._post)

    def stop_seeds(self) -> None:
        """Train no more seeds; those that were begun stay."""
        if self.seeds is not None:
            self.seeds.stop()

    def close(self) -> None:
        """Have the screens show the present run again."""
        if self.cell is not None:
            self.cell = None
            self.browser.close_cell()
        if self.opened is not None:
            self.opened.close()
            self.opened = None

    def overlay(self, saved: SavedRun) -> None:
        """Draw the curves of a saved run too, or no longer."""
        from tui.app.state.followed_run import FollowedRun

        if (shown := self.overlays.pop(saved.path, None)) is not None:
            shown.close()
        else:
            self.overlays[saved.path] = FollowedRun(saved, self._post, models=False)

    def collect(self, run: ShownRun) -> bool:
        """Take the events of a run into its history; False for a run that was left."""
        if self.run is not None and run is self.run:
            history = self.history
            if history is not None:
                history.folder = self.run.folder
        else:
            history = next((saved.history for saved in self.saved_runs if saved is run), None)
        if history is None:
            return False
        for event in run.take_events():
            history.replay(event)
        return True

    def fail(self, error: Exception, run: ShownRun) -> bool:
        """Take note of a background error; False where it no longer matters."""
        if run is not self.run:
            return run in self.saved_runs
        self.error = error
        if self.history is not None:
            self.history.error = str(error)
        return True
