"""What a user does, in a real terminal, with the real trainer."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.support.tmux import APPLICATION, PATIENCE, Tmux, Window, child_of

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
    assert "--resume" in screen
    assert "mnist-tui --headless --recipe two-layer-net" in screen.replace("\n", "")
    assert "learning rate was changed by hand" in screen.replace("\n", " ")


def end_by_signal(terminal: Tmux, signum: int) -> None:
    """The exit code names the signal, and the terminal is as it was."""
    os.kill(child_of(terminal), signum)
    terminal.wait_for(f"exit:{128 + signum}")
    assert not terminal.in_application()
    terminal.run("stty -a | grep -c ' echo '")
    terminal.wait_for("exit:0")


def test_a_hang_up_of_a_terminal_that_stays(window: Window) -> None:
    terminal = window()
    terminal.run(LONG)
    terminal.begin_training()
    end_by_signal(terminal, signal.SIGHUP)


@pytest.mark.parametrize(
    ("term", "columns", "rows", "encoding"),
    [
        ("xterm-256color", 40, 15, "utf-8"),
        pytest.param("linux", 80, 24, "utf-8", marks=pytest.mark.slow),
        ("vt100", 80, 24, "ascii"),
    ],
)
def test_terminals_sizes_and_encodings(
    window: Window, term: str, columns: int, rows: int, encoding: str
) -> None:
    """Other tests are in the terminal that tmux names by itself, and change its size."""
    terminal = window(columns, rows, TERM=term, PYTHONIOENCODING=encoding)
    terminal.run(f"{APPLICATION} --limit 500 --epochs 2 >/dev/null")  # output may be a file
    terminal.wait_for("ready")
    terminal.press("Space")
    terminal.wait_for("finished")
    for key, shown in (
        ("2", "1 of "),
        ("3", "accuracy"),
        ("4", "Layers"),
        ("5", "Pen"),
        ("1", "Epochs"),
    ):
        terminal.press(key)
        screen = terminal.wait_for(shown)
        assert encoding == "utf-8" or (screen.isascii() and "\\u" not in screen), screen
    terminal.press("?")
    screen = terminal.wait_for("Help: ")
    assert screen.isascii() == (encoding == "ascii"), screen
    terminal.press("Escape")
    terminal.wait_for("finished")
    time.sleep(0.3)  # else Escape and the next key would be Alt and that key
    terminal.press("q")
    terminal.wait_for("exit:0")


def test_resized_at_any_moment_and_interrupted(window: Window) -> None:
    terminal = window()
    terminal.run(LONG)
    terminal.wait_for("ready")
    terminal.press("Space")
    terminal.wait_for("running")
    for columns, rows in [(200, 50), (40, 15), (20, 5), (120, 40), (80, 24)]:
        terminal.resize(columns, rows)
        for key in "23451":
            terminal.press(key)
    # A screen that is busy may come to a key after another screen has come to a later one.
    time.sleep(1)
    terminal.press("1")
    terminal.wait_for("Run/pause")
    end_by_signal(terminal, signal.SIGINT)


@pytest.mark.parametrize("redirection", ["</dev/null", "2>/dev/null"])
def test_refuses_what_is_no_terminal(window: Window, redirection: str) -> None:
    """Textual draws on standard error and reads standard input: neither may lie elsewhere."""
    terminal = window()
    terminal.run(f"{APPLICATION} {redirection}")
    terminal.wait_for("exit:2")
    assert not terminal.in_application()
