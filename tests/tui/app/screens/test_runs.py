"""The runs screen: its table, moving, orders, the filter and deletion."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

from nn.config import TrainConfig
from nn.storage.run_writer import RunWriter
from nn.storage.runs import SavedRun, run_names
from tests.support.messages import notes
from tests.support.runs_screen import FIRST, SECOND, THIRD, current, rows
from tests.support.saved_runs import Sitting, play, runs_app, save_run, write_record
from tui.app.screens.delete import DeleteScreen
from tui.app.screens.runs import RunsScreen
from tui.app.state.catalogue import ORDERS, Catalogue, arranged
from tui.app.widgets.runs_table import RunsTable
from tui.recording.finding import Search


def test_the_table(root: Path) -> None:
    async def scenario(at: Sitting) -> None:
        third, second, first = rows(at)
        assert third.split() == [">", THIRD, "failed", "0/4", "-", "-", "-"]
        assert second.split() == [SECOND, "interrupted", "3/4", "97.00%", "97.00%", "0.3250"]
        assert first.split() == [FIRST, "finished", "4/4", "95.00%", "95.00%", "0.2600"]
        assert "3 runs   by newest" in at.lines[1]
        assert THIRD in at.text
        assert "failed: OSError: no more" in at.text
        assert "mnist-tui --headless --epochs=4" in at.text

    play(runs_app(root), scenario)


def test_what_a_run_was_trained_with(root: Path) -> None:
    record = SavedRun.read(root / SECOND).record
    write_record(root / SECOND, record, config=TrainConfig())

    async def scenario(at: Sitting) -> None:
        assert "1 hyperparameter differs from the defaults:" in at.text
        await at.press("j")
        assert "All hyperparameters have their defaults." in at.text

    play(runs_app(root), scenario, (120, 40))


def test_no_runs_yet_and_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    async def empty(at: Sitting) -> None:
        assert "No saved runs yet. Every run is saved by itself" in at.text
        assert "Once a run is saved: how it ended, and the command that repeats it." in at.text
        assert at.lines[-1].split("  ") == ["^o Open a file", "q Quit", "? Help"]
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
        assert "No run matches the filter: escape shows all of them again." in at.text
        assert at.lines[-1].startswith("v Compare  / Filter")  # no key of a row, as there is none
        assert "filter: reLu q1" in at.lines[1]
        await at.press("escape")
        assert len(rows(at)) == 3
        assert at.lines[-1].startswith("enter Curves  space Mark  u Resume")
        await at.press("slash", *"sig", "escape")
        assert (len(rows(at)), current(at)) == (3, FIRST)  # the cursor stays with its run
        for key in ("slash", "s", "i", "g", "enter", "space"):  # without waiting in between
            at.app.simulate_key(key)
        await at.until(lambda: at.bench.overlays)
        assert [path.name for path in at.bench.overlays] == [FIRST]

    play(runs_app(root), scenario)


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

    async def narrow(at: Sitting) -> None:
        heading = at.app.screen.query_one(RunsTable)._strips[0].text
        assert heading.split() == ["run", "status", "epochs", "best", "final", "test", "loss"]
        assert "hidden 64-64, optimizer sgd, lr 0.02" in at.text

    play(runs_app(tmp_path), scenario, (120, 40))
    play(runs_app(tmp_path), narrow)
