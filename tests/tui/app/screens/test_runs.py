"""The runs screen: every key, over folders whose numbers are written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from textual.events import Paste

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.checkpoint import load_model
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun, run_names
from tests.support.messages import notes
from tests.support.networks import recognizer
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
from tui.app.screens.delete import DeleteScreen
from tui.app.screens.digits import DigitsScreen
from tui.app.screens.runs import RunsScreen
from tui.app.state.catalogue import ORDERS, Catalogue, arranged
from tui.app.state.followed_run import FollowedRun
from tui.app.state.shown_run import Status
from tui.app.widgets.curves import Curves
from tui.app.widgets.runs_table import (
    COLUMNS,
    ORIGIN,
    WIDE,
    RunsTable,
    fitting_columns,
    label_first,
)
from tui.recording.experiment import Experiment
from tui.recording.finding import Search
from tui.recording.folder import display_name
from tui.recording.history import RunHistory

FIRST, SECOND, THIRD = (
    "20261101-100000-sigmoid-net",
    "20261102-100000-relu-net",
    "20261103-100000-relu-net",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three runs: finished, interrupted, and failed before its first evaluation."""
    root = tmp_path / "runs"
    save_run(root, FIRST, accuracy=0.95, recipe="lincoln-sigmoid")
    save_run(root, SECOND, done=3, accuracy=0.97, status="interrupted")
    save_run(root, THIRD, done=0, status="failed", reason="OSError: no more")
    return root


@pytest.fixture
def writer(root: Path) -> Iterator[RunWriter]:
    """Another process that trains the second run."""
    writer = RunWriter.reopen(root / SECOND)
    record = SavedRun.read(root / SECOND).record
    write_record(root / SECOND, record, status="running")
    yield writer
    with suppress(OSError):  # closed by the test
        writer.close()


def rows(at: Sitting) -> list[str]:
    table = at.app.screen.query_one(RunsTable)
    return [strip.text for strip in table._strips[1:]]


def current(at: Sitting) -> str:
    entry = at.app.screen.query_one(RunsTable).current
    assert entry is not None
    return entry.name


def test_the_table(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        third, second, first = rows(at)
        assert third.split() == [">", THIRD, "failed", "0/4"]
        assert second.split() == [SECOND, "interrupted", "3/4", "97.00%", "97.00%", "0.3250"]
        assert first.split() == [FIRST, "finished", "4/4", "95.00%", "95.00%", "0.2600"]
        assert "3 runs   by newest" in at.lines[1]
        assert THIRD in at.text
        assert "failed: OSError: no more" in at.text
        assert "mnist-tui --headless --epochs=4" in at.text

    play(runs_app(root), scenario)


@pytest.mark.parametrize("size", [(80, 24), (40, 15)])
def test_the_question_for_a_budget_names_the_run_and_keeps_the_list_still(
    root: Path, size: tuple[int, int]
) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("end", "u")
        name = current(at)
        words = " ".join(at.text.split())
        assert "is complete. Go on to how many epochs, above 4: _" in words
        assert name in words
        await at.press("k", "up", "home", "space", "o", "x", "d", "v", "slash", "7")
        assert current(at) == name
        assert isinstance(at.app.screen, RunsScreen)
        assert not at.bench.overlays
        assert "above 4: 7_" in " ".join(at.text.split())
        await at.press("escape", "home")
        assert current(at) != name
        assert "is complete" not in at.text

    play(runs_app(root), scenario, size=size)


def test_a_run_that_is_overlaid_and_opened_is_drawn_once(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("end", "space", "k", "space", "j", "enter")
        await at.until(lambda: at.bench.opened and at.bench.opened.history.epochs)
        shown = at.bench.shown_history
        assert shown is not None
        folders = [history.folder for history in (*at.bench.earlier, shown)]
        assert len(folders) == len(set(folders)) == 2

    play(runs_app(root), scenario)


def test_a_run_of_this_sitting_that_is_overlaid_is_drawn_once(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.until(lambda: at.bench.run is not None)
        at.bench.run.folder = root / FIRST  # type: ignore[union-attr, misc]
        at.bench.run.tell(Status.FINISHED, *epochs(2))  # type: ignore[union-attr, attr-defined]
        at.bench.collect(at.bench.run)  # type: ignore[arg-type]
        await at.press("end", "space", "k", "space")
        assert [history.folder for history in at.bench.earlier] == [root / SECOND]
        await at.press("enter")
        assert [history.folder for history in at.bench.earlier] == [root / FIRST]

    play(runs_app(root), scenario, dataset=small)


def test_a_run_of_this_sitting_has_no_mark_unless_it_is_marked(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.until(lambda: at.bench.run is not None)
        at.bench.histories.insert(0, RunHistory("first", Experiment(), folder=root / THIRD))
        await at.press("j", "space", "j", "space")
        assert len(at.bench.earlier) == 3  # which the charts draw
        assert [row[:3] for row in rows(at)[:3]] == ["   ", " 1 ", ">2 "]
        await at.press("v")
        assert at.bench.compared is not None
        assert [run.name for run in at.bench.compared] == [SECOND, FIRST]

    play(runs_app(root), scenario, dataset=small)


def test_no_runs_yet_and_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    async def empty(at: Sitting) -> None:
        assert "No saved runs yet. Every run is saved by itself" in at.text
        await at.press(
            *[
                "enter",
                "space",
                "u",
                "v",
                "o",
                "d",
                "c",
                "m",
                "w",
                "x",
                "up",
                "down",
                "pageup",
                "pagedown",
                "home",
                "end",
                "escape",
            ]
        )
        assert isinstance(at.app.screen, RunsScreen)

    async def unreadable(at: Sitting) -> None:
        shown = " ".join(at.text.split())  # wherever the path wraps it
        assert "a file, where a folder is wanted" in shown

    play(runs_app(tmp_path / "none"), empty)
    (tmp_path / "file").touch()
    play(runs_app(tmp_path / "file"), unreadable)


def test_what_cannot_be_read_is_told(root: Path) -> None:
    (root / FIRST / "run.json").write_text("{}")

    async def scenario(at: Sitting) -> None:
        assert len(rows(at)) == 2
        assert "not the record of a run" in at.text

    play(runs_app(root), scenario, (200, 50))


def test_moving(tmp_path: Path) -> None:
    names = [f"20261101-10{n // 60:02}{n % 60:02}-net" for n in range(50)]
    for name in names:
        save_run(tmp_path, name)
    names.reverse()

    async def scenario(at: Sitting) -> None:
        table = at.app.screen.query_one(RunsTable)
        page = table.page
        assert page < 25
        for keys, row in {
            "down j": 2,
            "up": 1,
            "k k k": 0,
            "pagedown": page,
            "end": 49,
            "down": 49,
            "pageup": 49 - page,
            "home": 0,
        }.items():
            await at.press(*keys.split())
            assert current(at) == names[row]
            [marked] = [line for line in rows(at) if line.startswith(">")]
            assert names[row] in marked
        table.on_mouse_scroll_down(None)  # type: ignore[arg-type]
        assert current(at) == names[3]
        table.on_mouse_scroll_up(None)  # type: ignore[arg-type]
        assert current(at) == names[0]
        await at.pilot.click(RunsTable, offset=(5, 3))
        assert current(at) == names[2]
        await at.pilot.click(RunsTable, offset=(5, 0))
        assert current(at) == names[2]
        await at.pilot.click(RunsTable, offset=(5, 3))
        await at.pilot.pause()
        assert at.app.current_mode == "train"

    play(runs_app(tmp_path), scenario)


def test_every_order(root: Path) -> None:
    firsts = {
        "newest": THIRD,
        "best": SECOND,
        "final": SECOND,
        "loss": FIRST,
        "time": FIRST,
        "epochs": FIRST,
        "status": THIRD,
        "recipe": THIRD,
        "name": FIRST,
    }

    async def scenario(at: Sitting) -> None:
        for order in [*list(ORDERS)[1:], "newest"]:
            await at.press("o")
            assert f"by {order}" in at.lines[1]
            assert firsts[order] in rows(at)[0]

    play(runs_app(root), scenario)


def test_the_filter_is_typed_even_in_one_burst(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("slash", *"reLu", "space", *"fai")
        assert "1 of 3 runs   by newest   filter: reLu fai_" in at.lines[1]
        assert [row.split()[1] for row in rows(at)] == [THIRD]
        await at.press(
            *["backspace"] * 3, *"q1", "enter"
        )  # keys of the application are letters here
        assert "no run matches" in at.text
        assert "filter: reLu q1" in at.lines[1]
        await at.press("escape")
        assert len(rows(at)) == 3
        await at.press("slash", *"sig", "escape")
        assert (len(rows(at)), current(at)) == (3, FIRST)  # the cursor stays with its run
        for key in ("slash", "s", "i", "g", "enter", "space"):  # without waiting in between
            at.app.simulate_key(key)
        await at.until(lambda: at.bench.overlays)
        assert [path.name for path in at.bench.overlays] == [FIRST]

    play(runs_app(root), scenario)


def test_overlaid_curves_are_drawn_with_the_present_ones(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("end", "space", "k", "space")
        assert [row[1] for row in rows(at)] == [" ", "2", "1"]
        labels = [display_name(name) for name in (FIRST, SECOND)]
        await at.until(lambda: [len(h.epochs) for h in at.bench.earlier] == [4, 3])
        assert [history.label for history in at.bench.earlier] == labels
        await at.press("1")
        await at.until(lambda: at.app.screen.query(Curves))
        curves = at.app.screen.query_one(Curves)
        await at.until(lambda: len(curves.charts["accuracy"]._series) > 1)
        assert curves.charts["accuracy"]._series[0].tag == "1"
        assert curves.charts["accuracy"]._series[0].name == labels[0]
        await at.press("6", "j", "space")
        assert [path.name for path in at.bench.overlays] == [SECOND]
        at.bench.forget_earlier()
        assert at.bench.earlier == []

    play(runs_app(root), scenario)


def test_opened_it_shows_its_curves_and_cannot_be_steered(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("j", "enter")
        assert at.app.current_mode == "train"
        await at.until(at.shows("interrupted, read only", "4/4", "97.00%"))
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


def test_resuming(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("j", "u")
        assert at.app.current_mode == "train"
        run = at.bench.run
        assert run is not None
        assert run.source.saved is not None
        assert run.source.saved.name == SECOND
        await at.press("6", "u")  # it is the present one now: back to it, not another one
        assert at.app.current_mode == "train"
        assert at.bench.run is run

    play(runs_app(root), scenario, dataset=small)


def test_its_configuration_is_trained_anew(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.until(lambda: at.bench.run is not None)
        await at.press("end", "t")
        assert at.app.current_mode == "train"
        assert at.bench.config == SavedRun.read(root / FIRST).record.config
        assert at.bench.experiment.recipe == "lincoln-sigmoid"
        assert at.bench.run is not None
        assert at.bench.run.source.saved is None

    play(runs_app(root), scenario, dataset=small)


def test_resuming_what_is_complete_asks_for_more(root: Path, small: Dataset) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("end", "u")
        assert "Go on to how many epochs, above 4" in at.text
        await at.press("4", "enter")
        assert "raise --epochs" in notes(at.app)
        await at.press("u", "escape", "u", "enter")
        assert at.app.current_mode == "runs"
        await at.press("u", "1", "2", "enter")
        assert at.app.current_mode == "train"
        assert at.bench.config.epochs == 12
        assert at.bench.run is not None
        assert at.bench.run.source.saved is not None

    play(runs_app(root), scenario, dataset=small)


def test_what_cannot_be_resumed_says_why(tmp_path: Path, small: Dataset) -> None:
    save_run(tmp_path, FIRST, reason="early-stopped")

    async def scenario(at: Sitting) -> None:
        await at.press("u")
        assert "early-stopped; it cannot be resumed" in notes(at.app)
        assert at.app.current_mode == "runs"

    play(runs_app(tmp_path), scenario, dataset=small)


def test_deleting_asks_first(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        for key in ("n", "escape", "enter"):  # enter: the answer in front is no
            await at.press("x")
            assert isinstance(at.app.screen, DeleteScreen)
            await at.press(key)
            assert isinstance(at.app.screen, RunsScreen)
        assert len(run_names(root)) == 3
        await at.press("space", "enter", "6", "delete", "y")
        await at.until(lambda: len(rows(at)) == 2)
        assert run_names(root) == [FIRST, SECOND]
        assert at.bench.overlays == {}
        assert at.bench.opened is None
        await at.press("x", "up", "enter")
        await at.until(lambda: len(rows(at)) == 1)

    play(runs_app(root), scenario)


def test_what_is_being_written_is_not_deleted(root: Path, writer: RunWriter) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("j", "x", "y")
        await at.until(lambda: "is being written by process" in notes(at.app))
        assert len(rows(at)) == 3

    play(runs_app(root), scenario)


def test_two_runs_are_compared_once_two_are_marked(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.press("v")
        assert "no run is marked: space marks a run" in notes(at.app)
        await at.press("space", "v")  # the one with the cursor is the marked one
        assert "1 run marked" in notes(at.app)
        await at.press("j", "v")
        assert at.app.current_mode == "compare"
        assert at.bench.compared is not None
        assert [run.name for run in at.bench.compared] == [THIRD, SECOND]
        await at.press("escape", "space", "end", "space", "v")
        assert "3 runs marked" in notes(at.app)
        await at.press("home", "space", "v")
        assert [run.name for run in at.bench.compared] == [SECOND, FIRST]

    play(runs_app(root), scenario)


def test_a_second_look_reads_only_what_changed(root: Path) -> None:
    catalogue = Catalogue(root)
    entries, errors = catalogue.look()
    assert (len(entries), errors) == (3, [])
    record = SavedRun.read(root / SECOND).record
    write_record(root / SECOND, record, status="failed")
    reads = []
    read = SavedRun.read

    def counted(path: Path) -> SavedRun:
        reads.append(path.name)
        return read(path)

    with patch.object(SavedRun, "read", counted):
        entries, _ = catalogue.look()
    assert reads == [SECOND]
    assert {entry.status for entry in entries} == {"finished", "failed"}


def test_words_of_the_filter_and_a_strange_clock(root: Path) -> None:
    record = SavedRun.read(root / FIRST).record
    write_record(root / FIRST, record, created="yesterday")
    entries, _ = Catalogue(root).look()
    assert [entry.name for entry in arranged(entries, Search(""), "newest")] == [
        THIRD,
        SECOND,
        FIRST,
    ]
    assert [entry.name for entry in arranged(entries, Search("LINCOLN fin"), "best")] == [FIRST]
    assert arranged(entries, Search("lincoln failed"), "best") == []


def test_runs_are_found_by_hyperparameters_that_have_columns(tmp_path: Path) -> None:
    for name, changes in {
        FIRST: {"learning_rate": 0.1, "optimizer": "momentum"},
        SECOND: {"learning_rate": 0.1, "optimizer": "sgd"},
        THIRD: {"learning_rate": 0.02, "optimizer": "sgd", "hidden": (64, 64)},
    }.items():
        run = save_run(tmp_path, name)
        config = TrainConfig.layered(run.record.config.to_dict(), changes)
        write_record(run.path, run.record, config=config)

    async def scenario(at: Sitting) -> None:
        table = at.app.screen.query_one(RunsTable)
        heading = table._strips[0].text.split()
        assert [name for name in ("hidden", "optimizer", "lr") if name in heading]
        assert "hidden 64-64, optimizer sgd, lr 0.02" in at.text
        assert {"best", "loss"} <= set(heading)
        await at.press("slash", *"lr=0.1", "space", *"mom", "enter")
        assert (len(rows(at)), current(at)) == (1, FIRST)
        assert "optimizer" not in table._strips[0].text  # one run differs in nothing
        await at.press("escape", "slash", *"lr=0.1", "enter")
        assert "optimizer" in table._strips[0].text
        assert "hidden" not in table._strips[0].text
        await at.press("escape", "slash", *"mon=1", "enter")
        assert "no hyperparameter begins with mon" in at.text

    play(runs_app(tmp_path), scenario, (120, 40))


@pytest.mark.parametrize("width", range(1, 220, 7))
def test_columns_fit(width: int) -> None:
    known = (*COLUMNS, *ORIGIN)
    columns, name_width = fitting_columns(width, 60, known)
    assert name_width >= 1
    used = 3 + name_width + sum(column.width + 1 for column in columns)
    assert used <= max(width, 4)
    assert width < 200 or len(columns) == len(known)
    _, name_width = fitting_columns(width, 34, known)
    assert width < WIDE or name_width == 34


@pytest.mark.parametrize(
    ("width", "name", "shown"),
    [
        (40, "20261121-194501-relu-cross-entropy", "relu-cross-entropy 20261121-194501"),
        (31, "20261121-194501-relu-cross-entropy", "relu-cr~entropy 20261121-194501"),
        (17, "20261121-194501-relu-cross-entropy", "re~py 1121-194501"),
        (17, "my-renamed-run-of-yesterday", "my-renam~esterday"),
    ],
)
def test_a_name_without_room_keeps_its_time(width: int, name: str, shown: str) -> None:
    assert label_first(name, width) == shown


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
