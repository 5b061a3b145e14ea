"""Metrics and the screen are written to files, or it is told why not."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.scenarios import run, trained
from tui.app.app import MnistApp
from tui.system.exits import ExitCode


def test_metrics_and_screen_are_written_to_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("ctrl+e")
        await pilot.pause()
        assert not list(tmp_path.iterdir())  # nothing measured yet
        await trained(app, pilot)
        await pilot.press("ctrl+e", "ctrl+s")
        await pilot.pause()

    app = run(scenario)
    [table] = tmp_path.glob("*.csv")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [float(row["epoch"]) for row in rows] == [1, 2]
    history = app.bench.history
    assert history is not None
    assert float(rows[-1]["test_accuracy"]) == history.evaluations[-1].test.accuracy
    [document] = tmp_path.glob("*.json")
    events = json.loads(document.read_text())
    assert [event["event"] for event in events] == ["run_started", "epoch", "epoch", "run_finished"]
    [picture] = tmp_path.glob("*.svg")
    assert picture.read_text().startswith("<svg")


def test_an_export_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        gone.rmdir()
        await pilot.press("ctrl+s")
        await pilot.pause()
        [notification] = app._notifications
        assert notification.severity == "error"
        assert "Cannot write into the working directory: No such file" in notification.message

    run(scenario)


def test_a_file_that_cannot_be_written_is_told_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tui.app.menus.time.strftime", lambda form: "a/missing")
    missing = tmp_path / "mnist-tui-a" / "missing.svg"

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("ctrl+s")
        await pilot.pause()
        [notification] = app._notifications
        assert notification.message.startswith(f"Cannot write {missing}: ")

    run(scenario)
