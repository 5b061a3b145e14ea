"""What a user does, in a real terminal, with the real trainer."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.tmux import APPLICATION, PATIENCE, Window, child_of

LONG = f"{APPLICATION} --recipe two-layer-net --limit 3000 --epochs 5000 --eval-epochs 1"


def test_a_sitting(window: Window) -> None:
    """Start, pause, change the rate, browse mistakes, open a confusion cell, draw, quit."""
    terminal = window()
    terminal.run(LONG)
    terminal.begin_training()
    terminal.press("Space")
    terminal.wait_for("paused")
    before = next(line for line in terminal.screen().splitlines() if line.startswith("Rate"))
    terminal.press("-", "-", "Space")
    terminal.wait_for("running")
    limit = time.monotonic() + PATIENCE
    while before in terminal.screen():
        assert time.monotonic() < limit, "the learning rate did not change"
        time.sleep(0.1)
    limit = time.monotonic() + PATIENCE
    terminal.press("2")
    terminal.wait_for("1 of 10,000")
    terminal.press("F")  # what is a mistake of the newest weights may be none a moment later
    terminal.wait_for("frozen")
    while "WRONG" not in terminal.screen():
        assert time.monotonic() < limit, "no mistake was found"
        terminal.press("n")
        time.sleep(0.2)
    terminal.press("3")
    terminal.wait_for("true 0", "true 9", "F1")
    terminal.press("n", "Enter")
    terminal.wait_for("WRONG", "label")
    terminal.press("Escape")
    terminal.wait_for("true 9")
    terminal.press("5")
    terminal.wait_for("0", "9")
    terminal.press("Space", "Down", "Down", "Down", "Down", "Down", "Space")
    time.sleep(0.5)
    terminal.press("q")
    terminal.wait_for("A run is under way")
    terminal.press("y")
    screen = terminal.wait_for("exit:0")
    assert not terminal.in_application()
    assert "interrupted after" in screen
    assert "mnist-tui --headless --recipe two-layer-net" in screen.replace("\n", "")
    assert "learning rate was changed by hand" in screen.replace("\n", " ")


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_signals_leave_a_sane_terminal(window: Window, signum: int, code: int) -> None:
    terminal = window()
    terminal.run(LONG)
    terminal.wait_for("ready")
    terminal.press("Space")
    terminal.wait_for("running")
    os.kill(child_of(terminal), signum)
    terminal.wait_for(f"exit:{code}")
    assert not terminal.in_application()
    terminal.run("stty -a | grep -c ' echo '")
    terminal.wait_for("exit:0")


@pytest.mark.parametrize(
    ("term", "columns", "rows"),
    [
        ("xterm-256color", 80, 24),
        ("xterm-256color", 40, 15),
        ("xterm", 120, 40),
        ("screen", 40, 15),
        ("linux", 80, 24),
        ("vt100", 80, 24),
    ],
)
def test_terminals_and_sizes(window: Window, term: str, columns: int, rows: int) -> None:
    terminal = window(columns, rows, TERM=term)
    terminal.run(f"{APPLICATION} --limit 500 --epochs 2")
    terminal.wait_for("ready")
    terminal.press("Space")
    terminal.wait_for("finished")
    for key in "23451":
        terminal.press(key)
        time.sleep(0.2)
    terminal.press("?")
    terminal.wait_for("Help: ")
    terminal.press("Escape")
    time.sleep(0.3)
    terminal.press("q")
    terminal.wait_for("exit:0")


def test_resized_at_any_moment(window: Window) -> None:
    terminal = window()
    terminal.run(LONG)
    terminal.wait_for("ready")
    terminal.press("Space")
    terminal.wait_for("running")
    for columns, rows in [(200, 50), (40, 15), (20, 5), (120, 40), (80, 24)]:
        terminal.resize(columns, rows)
        for key in "23451":
            terminal.press(key)
            time.sleep(0.1)
    # A screen that is busy may come to a key after another screen has come to a later one.
    time.sleep(1)
    terminal.press("1")
    terminal.wait_for("Run/pause")
    terminal.press("q", "x")
    terminal.wait_for("exit:0")


def test_ascii_only(window: Window) -> None:
    terminal = window(PYTHONIOENCODING="ascii")
    terminal.run(f"{APPLICATION} --limit 500 --epochs 3")
    terminal.wait_for("ready")
    terminal.press("Space")
    terminal.wait_for("finished")
    for key in "23451?":
        terminal.press(key)
        time.sleep(0.4)
        screen = terminal.screen()
        assert screen.isascii(), screen
        assert "\\u" not in screen
    terminal.press("Escape")
    time.sleep(0.3)
    terminal.press("q")
    terminal.wait_for("exit:0")


@pytest.mark.parametrize("redirection", ["</dev/null", "2>/dev/null"])
def test_refuses_what_is_no_terminal(window: Window, redirection: str) -> None:
    """Textual draws on standard error and reads standard input: neither may lie elsewhere."""
    terminal = window()
    terminal.run(f"{APPLICATION} {redirection}")
    terminal.wait_for("exit:2")
    assert not terminal.in_application()


def test_standard_output_may_be_a_file(window: Window) -> None:
    terminal = window()
    terminal.run(f"{APPLICATION} --limit 500 >/dev/null")
    terminal.wait_for("ready")
    terminal.press("q")
    terminal.wait_for("exit:0")
