"""The screen of sweeps: its table, moving, pictures and trials, over sweeps with fixed results."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from nn.config import TrainConfig
from nn.storage.lock import FolderLock
from tests.support.messages import notes
from tests.support.saved_runs import Sitting, save_run
from tests.support.sweeps import (
    WrittenSweep,
    current,
    finished_sweep,
    numbers,
    own,
    play,
    rows,
    run_name,
    spec_of,
    sweep_app,
)
from tui.app.screens.sweep import SweepScreen
from tui.app.widgets.sweep_pictures import SweepPictures
from tui.app.widgets.trials_table import TrialsTable
from tui.recording.experiment import Experiment
from tui.sweeps.folder import SPEC_FILE

pytestmark = pytest.mark.usefixtures("looked_at_often")


def test_the_table_and_the_best(runs_dir: Path) -> None:
    finished_sweep(runs_dir)

    async def scenario(at: Sitting) -> None:
        title = at.lines[1].strip("╭╮─ ")
        assert title.split()[:6] == ["written", "finished", "9/9", "trials", "by", "best"]
        # Validation is what the choice was made by; the test accuracy is of its saved run.
        assert "best: trial 3, validation 97.00%, test 92.00%" in at.lines[2]
        assert "learning_rate=0.03" in at.lines[2]
        assert "hidden=32-16 optimizer=adam" in at.lines[3]
        first, *_, last = rows(at)
        assert first.split()[1:6] == ["3", "finished", "97.00%", "3/3", "2/2"]
        assert first.startswith(">*")
        assert last.split()[:4] == ["8", "failed", "diverged", "1/3"]
        assert numbers(at) == [3, 6, 7, 2, 5, 1, 4, 0, 8]

    play(sweep_app(runs_dir), scenario, size=(120, 40))


def test_seeds_have_a_spread(runs_dir: Path) -> None:
    written = WrittenSweep(runs_dir, "seeds", spec_of(seeds=2, trials=2, halving=False))
    written.begin(0)
    written.result(0, 0.90, seed=0, epochs=3)
    written.begin(1)
    for seed, accuracy in ((0, 0.8), (1, 0.82)):
        written.result(1, accuracy, seed=seed, epochs=3)

    async def scenario(at: Sitting) -> None:
        assert "1/2 trials x 2 seeds" in at.lines[1]
        assert rows(at)[0].split()[1:5] == ["1", "finished", "81.00%", "±1.41"]
        assert rows(at)[1].split()[:2] == ["0", "waiting"]
        await at.press("enter")  # of two runs, the better one
        await at.until(lambda: at.bench.opened)
        assert at.bench.opened is not None
        assert at.bench.opened.saved.name == run_name("seeds", 1, 1)

    play(sweep_app(runs_dir), scenario)


def test_it_is_live(runs_dir: Path, owned: list[FolderLock]) -> None:
    written = WrittenSweep(runs_dir, "live")
    own(written, owned)

    async def scenario(at: Sitting) -> None:
        assert "running" in at.lines[1]
        assert "no trials yet" in at.text
        written.begin(0)
        await at.until(lambda: "waiting" in rows(at)[0])
        written.claim(0)
        save_run(runs_dir, run_name("live", 0), done=2, of=3, status="interrupted")
        await at.until(lambda: rows(at)[0].split()[1:4] == ["0", "running", "2/3"])
        written.result(0, 0.75)
        await at.until(lambda: "75.00%" in rows(at)[0])
        assert "best: trial 0, validation 75.00%" in at.lines[2]
        owned.pop().release()
        await at.until(lambda: "left" in at.lines[1])

    play(sweep_app(runs_dir), scenario)


def test_no_sweep_names_the_command_of_the_form(runs_dir: Path) -> None:
    experiment = Experiment(TrainConfig(hidden=(64,), learning_rate=0.5))

    async def scenario(at: Sitting) -> None:
        words = " ".join(at.text.split())
        assert "No sweep yet" in words
        assert "mnist-tui sweep --hidden=64 --vary learning_rate=0.001..0.1:log" in words
        assert at.lines[-1].split() == ["f", "New", "q", "Quit", "?", "Help"]
        keys = "enter x u v tab shift+tab slash o left right up down pageup pagedown"
        await at.press(*keys.split(), "home", "end", "escape")
        assert isinstance(at.app.screen, SweepScreen)
        finished_sweep(runs_dir)
        await at.until(at.shows("best: trial 3"))
        assert at.lines[-1].startswith("enter Curves  v Picture  f New  x Stop")

    play(sweep_app(runs_dir, experiment=experiment), scenario)


def test_a_small_screen_says_all_of_what_a_sweep_is(runs_dir: Path) -> None:
    async def scenario(at: Sitting) -> None:
        await at.until(at.shows("No sweep yet"))
        assert "held out from training." in " ".join(at.text.split())

    play(sweep_app(runs_dir), scenario, (40, 15))


def test_what_cannot_be_read_is_told(runs_dir: Path) -> None:
    finished_sweep(runs_dir, "good")
    damaged = WrittenSweep(runs_dir, "damaged")
    damaged.write({"kind": "result"})

    async def scenario(at: Sitting) -> None:
        await at.until(at.shows("journal.jsonl: damaged, entry 1"))
        await at.press("right")
        await at.until(at.shows("best: trial 3"))
        assert "damaged, entry" not in at.text

    play(sweep_app(runs_dir), scenario, size=(200, 50))
    (runs_dir.parent / "sweeps").rename(runs_dir.parent / "elsewhere")
    (runs_dir.parent / "sweeps").touch()

    async def unreadable(at: Sitting) -> None:
        assert "a file, where a folder is wanted" in " ".join(at.text.split())

    play(sweep_app(runs_dir), unreadable)


def test_moving_ordering_and_filtering(runs_dir: Path) -> None:
    finished_sweep(runs_dir)

    async def scenario(at: Sitting) -> None:
        for keys, trial in {
            "down j": 7,
            "k": 6,
            "end": 8,
            "home": 3,
            "pagedown": 8,
            "pageup": 3,
        }.items():
            await at.press(*keys.split())
            assert current(at) == trial, keys
        found = {}
        for _ in range(8):
            found[at.lines[1].split(" by ")[1].split()[0]] = numbers(at)
            await at.press("o")
        assert list(found)[:3] == ["best", "newest", "trial"]
        assert found["trial"] == [*range(9)] == found["newest"][::-1]
        assert set(found["epochs"][:3]) == {3, 6, 7}
        assert found["learning_rate"][:2] == [5, 0]  # of equals the better one
        assert found["learning_rate"][-1] == 4
        assert found["state"][0] == 8
        await at.press("slash", *"hidden=16", "space", *"fini")
        assert "filter: hidden=16 fini_" in at.lines[1]
        assert numbers(at) == [6]
        await at.press("enter", "j", "o", "escape")
        assert len(numbers(at)) == 9
        await at.press("slash", *"zz", "enter")
        assert "no trial matches" in at.text
        await at.press("enter", "escape")
        assert isinstance(at.app.screen, SweepScreen)

    play(sweep_app(runs_dir), scenario)


def test_a_trial_is_opened(runs_dir: Path) -> None:
    finished_sweep(runs_dir)

    async def scenario(at: Sitting) -> None:
        await at.press("j", "enter")
        await at.until(lambda: at.app.current_mode == "train")
        assert at.bench.opened is not None
        assert at.bench.opened.saved.name == run_name("written", 6)
        await at.press("0", "7")
        assert at.bench.opened is None
        assert current(at) == 6

    play(sweep_app(runs_dir), scenario)


def test_a_run_that_is_the_present_one_is_not_opened_beside_itself(runs_dir: Path) -> None:
    finished_sweep(runs_dir)

    async def scenario(at: Sitting) -> None:
        with patch.object(at.bench, "is_present", return_value=True):
            await at.press("enter")
            await at.until(lambda: at.app.current_mode == "train")
        assert at.bench.opened is None

    play(sweep_app(runs_dir), scenario)


def test_a_trial_without_a_run_says_so(runs_dir: Path) -> None:
    written = WrittenSweep(runs_dir, "young")
    written.begin(0)

    async def scenario(at: Sitting) -> None:
        await at.press("enter")
        await at.until(lambda: "there is no run to show" in notes(at.app))
        save_run(runs_dir, run_name("young", 0), done=0, of=3)
        written.result(0, 0.5)
        await at.until(lambda: "50.00%" in rows(at)[0])
        (runs_dir / run_name("young", 0) / "run.json").unlink()
        await at.press("enter")
        await at.until(lambda: "run.json" in notes(at.app))
        assert isinstance(at.app.screen, SweepScreen)

    play(sweep_app(runs_dir), scenario)


def test_choosing_among_sweeps(runs_dir: Path) -> None:
    for age, name in enumerate(("newest", "middle", "oldest")):
        path = finished_sweep(runs_dir, name).path / SPEC_FILE
        os.utime(path, (1e9 - age, 1e9 - age))

    async def scenario(at: Sitting) -> None:
        assert "< newest > 1 of 3 " in at.lines[1]
        for key, name in (
            ("left", "newest"),
            ("right", "middle"),
            ("l", "oldest"),
            ("h", "middle"),
        ):
            await at.press(key)
            await at.until(at.shows(f"< {name} >"))
        await at.press("right", "right", "right", "left")  # no waiting in between
        await at.until(at.shows("< middle > 2 of 3"))

    play(sweep_app(runs_dir), scenario)


def test_pictures_one_after_the_other(runs_dir: Path) -> None:
    finished_sweep(runs_dir)

    async def scenario(at: Sitting) -> None:
        titles = (
            "by trial",
            "by learning_rate",
            "by hidden",
            "by optimizer",
            "importance",
        )
        for title in titles:
            assert title in at.text
            await at.press("v")
        assert "by trial" in at.text
        await at.press("shift+tab")
        assert "importance" in at.text
        await at.press("tab")
        assert "by trial" in at.text

    async def narrow(at: Sitting) -> None:
        assert "by trial" not in at.text
        await at.press("v")
        assert "by trial" in at.text
        assert not at.app.screen.query_one("#found").display
        await at.press(*["tab"] * 4)
        assert "importance" in at.text
        await at.press("v")
        assert at.app.screen.query_one("#found").display
        assert not at.app.screen.query_one(SweepPictures).display

    play(sweep_app(runs_dir), scenario)
    play(sweep_app(runs_dir), narrow, size=(40, 15))


def test_the_mouse_puts_the_cursor_on_a_row_and_opens_it(runs_dir: Path) -> None:
    finished_sweep(runs_dir)

    async def scenario(at: Sitting) -> None:
        await at.pilot.click(TrialsTable, offset=(10, 2))
        assert current(at) == 6
        await at.pilot.click(TrialsTable, offset=(10, 2))
        await at.until(lambda: at.bench.opened)
        assert at.app.current_mode == "train"

    play(sweep_app(runs_dir), scenario)


def test_the_cursor_stays_with_the_best_until_it_is_moved(runs_dir: Path) -> None:
    written = finished_sweep(runs_dir)
    shorter = (written.path / "journal.jsonl").read_text().splitlines(keepends=True)
    (written.path / "journal.jsonl").write_text("".join(shorter[:-3]))  # the last rung is due

    async def scenario(at: Sitting) -> None:
        assert current(at) == 7
        written.result(3, 0.97, rung=1, epochs=3)
        await at.until(lambda: numbers(at)[0] == 3)
        assert current(at) == 3
        await at.press("down")
        moved = current(at)
        written.result(6, 0.98, rung=1, epochs=3)
        await at.until(lambda: numbers(at)[0] == 6)
        assert current(at) == moved

    play(sweep_app(runs_dir), scenario)


def test_a_run_that_was_left_in_its_first_rung_shows_how_far_it_came(runs_dir: Path) -> None:
    written = WrittenSweep(runs_dir, "left")
    written.begin(0)
    save_run(runs_dir, run_name("left", 0), done=2, of=3, status="interrupted")

    async def scenario(at: Sitting) -> None:
        assert rows(at)[0].split()[1:4] == ["0", "waiting", "2/3"]
        await at.press("enter")
        await at.until(lambda: at.bench.opened)

    play(sweep_app(runs_dir), scenario)
