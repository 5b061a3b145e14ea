"""A sitting in the application whose runs are saved: kept, discarded, resumed, and hung up."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.run_lookup import find_run
from nn.storage.runs import SavedRun, run_names
from tests.support.recorded import record_run, same, vanish
from tests.support.scenarios import LONG, an_epoch, play, until
from tui.app.app import MnistApp
from tui.app.screens.quit import QuitScreen
from tui.app.state.shown_run import Status
from tui.app.state.steered_run import Goal
from tui.app.widgets.welcome import Welcome
from tui.cli.launch import _finish, _report_endings
from tui.recording.source import RunSource
from tui.system.exits import ExitCode
from tui.system.sharing import make_trainer


async def running(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
    app.bench.go(Goal.RUN)
    await until(pilot, lambda: app.bench.status is Status.RUNNING)


@pytest.mark.parametrize(("key", "kept"), [("y", True), ("x", False)])
def test_stop_and_keep_or_discard(
    root: Path, key: str, kept: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        await pilot.press("q", key)
        await pilot.pause()
        assert app.return_value is ExitCode.SUCCESS

    app = play(scenario, root)
    assert len(run_names(root)) == kept
    _report_endings(app.bench, None)
    told = capsys.readouterr().err
    assert "interrupted after" in told
    assert ("--resume" in told) == kept
    if kept:
        run = find_run(root, "last")
        assert run.status == "interrupted"
        assert run.record.step == app.bench.run.outcome.step  # type: ignore[union-attr]


def test_a_run_that_cannot_be_discarded_is_told_in_the_end(root: Path) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        (root / run_names(root)[0] / "notes.txt").touch()  # which is not the run's own to remove
        await pilot.press("q", "x")
        await pilot.pause()

    app = play(scenario, root)
    [failure] = _finish(app.bench)
    assert "cannot remove" in failure
    assert str(root) in failure


def test_nothing_is_kept_of_a_sitting_without_a_step(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("r", "2", "1", "q")

    app = play(scenario, root)
    assert not root.exists()
    _report_endings(app.bench, None)
    assert capsys.readouterr().err == ""


def test_a_failing_save_stays_on_the_screen_and_fails_in_the_end(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        run = app.bench.run
        assert run is not None
        assert run.folder is not None
        vanish(run.folder)
        await an_epoch(app, pilot)
        await an_epoch(app, pilot)
        await until(pilot, lambda: app.screen.query_one("#trouble").display)
        await pilot.press("r")  # another run: the failure is not forgotten
        await until(pilot, lambda: app.bench.status is Status.READY)
        assert not app.screen.query_one("#trouble").display

    app = play(scenario, root)
    [failure] = _finish(app.bench)
    assert "saving failed after step" in failure


def test_the_application_resumes(root: Path, tmp_path: Path, mnist: Dataset) -> None:
    config = TrainConfig(limit=300, epochs=3, hidden=(8,))
    folder, _ = record_run(make_trainer(config, mnist, step_interval=0), root, events=12)
    whole, _ = record_run(make_trainer(config, mnist), tmp_path / "whole")

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.history and app.bench.history.evaluations)
        assert app.bench.run is not None
        await pilot.press("space")
        history = app.bench.history
        assert history is not None
        await until(
            pilot, lambda: history.finished
        )  # its last events are told a moment after the end
        assert [e.epoch for e in history.epochs] == [1, 2, 3]

    play(scenario, root, config, resumed=RunSource.resumed(SavedRun.read(folder)))
    same(folder, whole)


def test_a_run_that_goes_on_within_its_first_epoch_is_not_called_untrained(
    root: Path, mnist: Dataset
) -> None:
    config = TrainConfig(limit=300, epochs=3, hidden=(8,))
    folder, _ = record_run(make_trainer(config, mnist, step_interval=0), root, events=3)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await until(
            pilot, lambda: "for 2 steps, and goes on" in str(app.screen.query_one(Welcome).content)
        )

    play(scenario, root, config, resumed=RunSource.resumed(SavedRun.read(folder)))


def test_discarding_is_not_offered_for_what_was_saved_before(root: Path, mnist: Dataset) -> None:
    folder, _ = record_run(make_trainer(LONG, mnist, step_interval=0), root, events=5)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        await pilot.press("q", "x")
        assert isinstance(app.screen, QuitScreen)
        assert not app.screen.query("#discard")
        await pilot.press("y")

    play(scenario, root, resumed=RunSource.resumed(SavedRun.read(folder)))
    assert SavedRun.read(folder).record.step > 4


def test_without_its_terminal_it_ends_or_trains_on(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang_up(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await running(app, pilot)
        app.take_signal(ExitCode.HANGUP)
        await until(pilot, lambda: app.return_value)
        assert app.return_value is ExitCode.HANGUP
        detached.append((app.detached, app.bench.run is not None and app.bench.run.goal))

    async def hang_up_paused(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await an_epoch(app, pilot)
        app.take_signal(ExitCode.HANGUP)
        await until(pilot, lambda: app.return_value)
        assert not app.detached  # nobody could tell it to go on

    detached: list[tuple[bool, object]] = []
    monkeypatch.setattr("signal.signal", lambda *_: None)
    play(hang_up, root)
    play(hang_up, root, on_hangup="continue")
    play(hang_up_paused, root, on_hangup="continue")
    assert detached == [(False, Goal.STOP), (True, Goal.RUN)]
    assert [SavedRun.read(root / name).status for name in run_names(root)] == ["interrupted"] * 3
