"""The runs screen: runs that are marked have their curves drawn and are compared."""

from __future__ import annotations

from pathlib import Path

from nn.data.dataset import Dataset
from tests.support.messages import notes
from tests.support.runs_screen import FIRST, SECOND, THIRD, rows
from tests.support.saved_runs import Sitting, play, runs_app
from tests.support.training_script import epochs
from tui.app.state.shown_run import Status
from tui.app.widgets.curves import Curves
from tui.recording.experiment import Experiment
from tui.recording.folder import display_name
from tui.recording.history import RunHistory


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
