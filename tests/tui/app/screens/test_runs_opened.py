"""The runs screen: a saved run or a file that is opened, on all screens."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from textual.events import Paste
from textual.widgets import Static

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.checkpoint import load_model
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun
from tests.support.messages import notes
from tests.support.networks import recognizer
from tests.support.runs_screen import FIRST, SECOND, THIRD, current, rows
from tests.support.saved_runs import (
    Sitting,
    append,
    play,
    recorded,
    runs_app,
    save_run,
    write_record,
)
from tests.support.training_script import epochs
from tui.app.app import MnistApp
from tui.app.screens import looking
from tui.app.screens.digits import DigitsScreen
from tui.app.screens.runs import RunsScreen
from tui.app.state.followed_run import FollowedRun
from tui.app.state.shown_run import Status
from tui.recording.experiment import Experiment
from tui.recording.folder import display_name


def test_opened_it_shows_its_curves_and_cannot_be_steered(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("j", "enter")
        assert at.app.current_mode == "train"
        await at.until(at.shows("interrupted, read only", "4/4", "97.00%"))
        assert at.text.count("interrupted") == 1  # at the top; below that is what it was made with
        assert at.app.screen.query_one("#status", Static).content == "trained with epochs 4"
        opened = at.bench.opened
        assert opened is not None
        assert "0 Back  y Log scale  S Smoothing  z Zoom  tab Next pane" in at.text
        await at.press(*["space", "e", "s", "x", "u", "f", "p", "plus", "minus"])
        assert at.bench.run is None
        assert not at.bench.loading or at.bench._goal_when_loaded.value == "pause"
        await at.press("0")
        assert at.bench.opened is None
        assert "read only" not in at.text
        await at.until(lambda: "0 Back" not in at.text)

    play(runs_app(root), scenario, (120, 40))


def test_why_it_ended_and_what_the_top_has_no_room_for_are_told(root: Path) -> None:
    record = SavedRun.read(root / SECOND).record
    write_record(root / SECOND, record, config=TrainConfig())

    async def wide(at: Sitting) -> None:
        await at.press("enter")
        status = at.app.screen.query_one("#status", Static)
        assert status.content == "OSError: no more; trained with epochs 4"
        await at.pilot.resize_terminal(40, 15)
        await at.until(lambda: str(status.content).startswith("saved run, failed; OSError"))

    async def narrow(at: Sitting) -> None:
        await at.press("j", "enter")
        words = str(at.app.screen.query_one("#status", Static).content)
        assert words == "saved run, stopped; trained with the defaults"

    play(runs_app(root), wide)
    play(runs_app(root), narrow, (40, 15))


def test_how_far_it_is_stands_in_its_record_if_it_was_stopped_within_an_epoch(root: Path) -> None:
    saved = SavedRun.read(root / THIRD)
    write_record(saved.path, saved.record, step=saved.record.total_steps // 8, epoch=0.5)

    async def scenario(at: Sitting) -> None:
        await at.press("enter")
        of = f"{saved.record.total_steps // 8:,} of {saved.record.total_steps:,}"
        await at.until(at.shows(of, "50% of 1/4", "12%"))

    play(runs_app(root), scenario)


def test_a_run_that_goes_on_elsewhere_is_followed(
    root: Path, writer: RunWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.app.state.followed_run.POLL_SECONDS", 0.2)
    record = SavedRun.read(root / SECOND).record

    async def scenario(at: Sitting) -> None:
        await at.press("j")
        assert "running" in rows(at)[1]
        await at.press("u")  # not while it is trained
        assert "Another process trains it" in notes(at.app)
        await at.press("enter")
        await at.until(at.shows("running, read only", "4/4"))
        opened = at.bench.opened
        assert opened is not None
        fourth = epochs(4, accuracy=0.99)[-1]
        append(root / SECOND, recorded([fourth]))
        await at.until(lambda: len(opened.history.epochs) == 4)
        write_record(
            root / SECOND,
            record,
            status="running",
            epoch=4.0,
            best=fourth.evaluation,  # type: ignore[union-attr]
        )
        await at.until(at.shows("99.00%"))
        await at.press("6")
        await at.until(lambda: "4/4" in rows(at)[1])
        assert "99.00%" in rows(at)[1]
        assert current(at) == SECOND
        writer.close()
        await at.until(lambda: opened.status is Status.STOPPED)
        assert is_over(opened)

    def is_over(opened: FollowedRun) -> bool:
        return opened.saved.status == "interrupted"

    with patch.object(looking, "LOOK_INTERVAL", 0.3):
        play(runs_app(root), scenario)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((40, 15), "0: back  20261101-100000-t0003-s0 20261~"),
        ((80, 24), "0: back   20261101-100000-t0003-s0 20261101-100300, read only"),
        ((120, 40), "0: back   Saved run 20261101-100000-t0003-s0 20261101-100300, finished,"),
    ],
)
def test_what_is_opened_is_named_in_one_line(
    tmp_path: Path, small: Dataset, size: tuple[int, int], words: str
) -> None:
    """Also a trial of a sweep, whose name has two dates."""
    network = recognizer(TrainConfig(hidden=(16,)), small.train, trained=True)
    name = "20261101-100300-20261101-100000-t0003-s0"
    save_run(tmp_path, name, network=network, sha256=small.sha256)

    async def scenario(at: Sitting) -> None:
        await at.press("enter", "2")
        await at.until(lambda: at.bench.snapshot is not None)
        assert words in at.text
        assert at.app.screen.query_one("#opened").size.height == 1

    play(runs_app(tmp_path), scenario, size=size, dataset=small)


def test_its_best_network_is_shown_on_the_other_screens(tmp_path: Path, small: Dataset) -> None:
    network = recognizer(TrainConfig(hidden=(16,)), small.train, trained=True)
    save_run(tmp_path, FIRST, network=network, sha256=small.sha256)
    save_run(tmp_path, SECOND, done=0, status="failed")

    async def scenario(at: Sitting) -> None:
        await at.press("enter", "2")  # the one that has none
        await at.until(at.shows("never evaluated"))
        await at.press("6", "j", "enter", "2")
        assert at.app.current_mode == "digits"
        await at.until(lambda: at.bench.snapshot is not None)
        snapshot = at.bench.snapshot
        assert snapshot is not None
        assert (snapshot.step, snapshot.epoch) == (40, 4)
        np.testing.assert_array_equal(snapshot.predictor.model.parameters, network.model.parameters)
        await at.until(at.shows("0: back", display_name(FIRST)))
        await at.until(at.shows("epoch 4"))
        await at.press("2", "3", "4", "5")
        assert at.bench.snapshot is snapshot
        await at.press("0")
        assert at.bench.snapshot is None
        assert "0: back" not in at.text

    play(runs_app(tmp_path), scenario, dataset=small)


def test_a_run_without_its_network_shows_no_other_one(tmp_path: Path, small: Dataset) -> None:
    """What was last seen of another run's network is not left under the name of this one."""
    network = recognizer(TrainConfig(hidden=(16,)), small.train, trained=True)
    save_run(tmp_path, FIRST, network=network, sha256=small.sha256)
    bare = save_run(tmp_path, SECOND, network=network, sha256=small.sha256)
    (bare.path / "best.npz").unlink()

    async def scenario(at: Sitting) -> None:
        await at.press("end", "enter", "4")
        await at.until(at.shows("784-16 relu"))
        await at.press("3")
        await at.until(at.shows("accuracy "))
        await at.press("6", "home", "enter")
        await at.until(lambda: at.bench.opened and at.bench.opened.error)
        for mode, seen in (("4", "784-16 relu"), ("3", "accuracy "), ("2", "predicted")):
            await at.press(mode)
            await at.until(at.shows("It cannot be shown."))
            assert seen not in at.text
        await at.press("6", "end", "enter", "4")
        await at.until(at.shows("784-16 relu"))

    play(runs_app(tmp_path), scenario, dataset=small)


def test_a_network_of_other_data_is_refused(tmp_path: Path, small: Dataset) -> None:
    network = recognizer(TrainConfig(hidden=(16,)), small.train, trained=True)
    save_run(tmp_path, FIRST, network=network)

    async def scenario(at: Sitting) -> None:
        await at.press("enter")
        await at.until(lambda: at.bench.opened and at.bench.opened.error)
        for mode in "234561":  # the reason stands on every screen, and only once
            await at.press(mode)
            await at.until(lambda: " ".join(at.text.split()).count("trained on other data") == 1)
        await at.until(at.shows("4/4"))

    play(runs_app(tmp_path), scenario, dataset=small)


def test_watching_from_the_start(root: Path) -> None:
    """`mnist-tui attach --screen`."""
    app = MnistApp(
        Experiment(),
        terminal=runs_app(root).terminal,
        watched=SavedRun.read(root / FIRST),
    )

    async def scenario(at: Sitting) -> None:
        assert at.app.current_mode == "train"
        await at.until(at.shows("finished, read only", "4/4"))

    play(app, scenario)


@pytest.mark.parametrize("size", [(80, 24), pytest.param((40, 15), marks=pytest.mark.slow)])
def test_a_file_is_opened_on_all_screens(
    root: Path, tmp_path: Path, small: Dataset, size: tuple[int, int]
) -> None:
    network = recognizer(TrainConfig(), small.train, trained=True)
    arrays = {}
    for number, layer in enumerate(network.model.linears, 1):
        arrays |= {f"W{number}": layer.weight, f"b{number}": layer.bias}
    path = tmp_path / "my notes q.npz"
    np.savez(path, allow_pickle=False, **arrays)

    async def scenario(at: Sitting) -> None:
        await at.press("ctrl+o", *("space" if c == " " else c for c in "~/"), "ctrl+u")
        at.app.screen.post_message(Paste(f"'{path}'x"))
        await at.press("backspace", "enter")
        await at.until(lambda: isinstance(at.app.screen, DigitsScreen) and at.bench.snapshot)
        assert at.bench.opened is not None
        assert at.bench.opened.saved.record.imported_from == str(path)
        assert "of the first 200 test digits" in notes(at.app)
        assert at.bench.snapshot is not None
        shown = at.bench.snapshot.predictor
        best = load_model(at.bench.opened.saved, "best")
        np.testing.assert_array_equal(shown.model.parameters, best.model.parameters)
        if size[0] >= 80:  # a narrow screen has no room for which weights it shows
            await at.until(at.shows("imported"))
        for mode in "1345":
            await at.press(mode)
            assert "untrained" not in at.text
            if mode == "1":  # how it was trained is not known
                await at.until(at.shows("A network that was not trained here"))
                assert "images/s" not in at.text
        await at.press("6")
        await at.until(at.shows("my-notes-q"))
        await at.press("home", "u")
        assert "was imported from" in notes(at.app)

    play(runs_app(root), scenario, size=size, dataset=small)


def test_a_file_that_cannot_be_opened_is_named(root: Path, tmp_path: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("ctrl+o", *"q12?", "escape")
        assert isinstance(at.app.screen, RunsScreen)
        await at.press("ctrl+o", *"nothing.npz", "enter")
        await at.until(lambda: "nothing.npz" in notes(at.app))
        assert "No such file" in notes(at.app)
        assert len(rows(at)) == 3

    play(runs_app(root), scenario, dataset=small)
