"""Watches a folder of saved runs, and works on them, on threads, so that keys do not wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.message import Message

from nn.storage.runs import SavedRun
from tui.app.screens.listing import ListScreen
from tui.app.state.background import LatestWish, in_background
from tui.app.state.catalogue import Catalogue, Entry
from tui.app.state.workbench import Workbench
from tui.recording.folder import runs_folder
from tui.system.terminal import Terminal

LOOK_INTERVAL = 1.5  # seconds between two looks into the folder while the screen is shown


class LookingScreen(ListScreen):
    """Reads the folder again and again as long as it is shown; a subclass draws the result.

    `entries` is None before the first time. `errors` are those of runs that cannot be read, or of
    the folder.
    """

    class Imported(Message):
        """A file has become a saved run; `remarks` are sentences on what was guessed."""

        def __init__(self, run: SavedRun, remarks: tuple[str, ...]) -> None:
            super().__init__()
            self.run, self.remarks = run, remarks

    class Deleted(Message):
        """A run has been removed."""

        def __init__(self, run: SavedRun) -> None:
            super().__init__()
            self.run = run

    class Failed(Message):
        """What was to be done with a run or a file could not be done."""

        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = str(error)

    def __init__(self, bench: Workbench, terminal: Terminal, order: str) -> None:
        super().__init__(bench, terminal, order)
        self.entries: list[Entry] | None = None
        self.errors: list[str] = []
        self._catalogue: Catalogue | None = None
        self._reading = LatestWish(
            "saved runs", self._read, self.post_message, self._show_found, self._show_error
        )

    def on_mount(self) -> None:
        self.set_interval(LOOK_INTERVAL, self._look)

    def catch_up(self) -> None:
        """Catch up with the folder."""
        super().catch_up()
        self._look()
        self.draw()

    def _look(self) -> None:
        """Look into the folder, unless another screen is shown or that is being done."""
        if self.app.screen is self:
            self._reading.want(self.bench.saving.runs_dir)

    def _read(self, runs_dir: Path | None) -> tuple[list[Entry], list[str]]:
        if self._catalogue is None:
            self._catalogue = Catalogue(runs_folder(runs_dir))
        return self._catalogue.look()

    def _show_found(self, _dir: Path | None, found: tuple[list[Entry], list[str]]) -> None:
        self.entries, self.errors = found
        self.draw()

    def _show_error(self, _dir: Path | None, error: Exception) -> None:
        self.entries, self.errors = self.entries or [], [str(error)]
        self.draw()

    def work(self, work: Callable[[], Message]) -> None:
        """Do it on a thread, and post what comes of it."""
        in_background("saved runs", work, self.post_message, self.Failed)

    def import_file(self, path: Path | None) -> None:
        """Keep the network in a file as a saved run; `Imported` follows. No path is no file."""
        dataset, data_dir = self.bench.dataset, self.bench.data_dir
        if path is None or dataset is None:
            return

        def work() -> Message:
            from tui.recording.importing import import_model

            root = runs_folder(self.bench.saving.runs_dir)
            return self.Imported(*import_model(path, root, lambda: dataset, data_dir=data_dir))

        self.show_note(f"Opening {path} ...")
        self.work(work)

    def form_committee(self, runs: Sequence[SavedRun]) -> None:
        """Keep the committee of these runs as a saved run; `Imported` follows."""
        data_dir = runs[0].record.config.data_dir
        dataset = self.bench.dataset_of(data_dir)

        def work() -> Message:
            from tui.images.datasets import load_dataset
            from tui.recording.committees import RunCommittee

            committee, data = RunCommittee.of(runs), dataset or load_dataset(data_dir)
            committee.check(data)
            root = runs_folder(self.bench.saving.runs_dir)
            run = committee.keep(root, data, committee.alone(data))
            return self.Imported(run, (committee.result(run),))

        self.show_note(f"Asking {len(runs)} networks ...")
        self.work(work)

    def on_looking_screen_deleted(self, message: Deleted) -> None:
        bench, path = self.bench, message.run.path
        if path in bench.overlays:
            bench.overlay(message.run)
        if bench.opened is not None and bench.opened.history.folder == path:
            bench.close()
            self.show_opened()
        self.entries = [entry for entry in self.entries or () if entry.run.path != path]
        self.draw()
