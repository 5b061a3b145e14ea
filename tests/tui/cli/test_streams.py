"""Standard streams that are closed, full, or a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.commands import call_command, command, environment, refused, run_command
from tests.support.json_schema import check_stream

PRINTING = [["--help"], ["recipes"], ["completion", "bash"]]


def _pipe_without_reader() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


@pytest.mark.parametrize("arguments", PRINTING[:2])
def test_a_reader_that_has_gone_is_no_error_to_talk_about(arguments: list[str]) -> None:
    writer = _pipe_without_reader()
    result = run_command(*arguments, capture_output=False, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (result.returncode, result.stderr) == (1, "")


def test_head(small_run: Sequence[str]) -> None:
    words = command(*small_run, "--epochs=1000000", "--json")
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b'{"event": "run_started"')
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (1, b"")


def test_narration_without_a_reader(small_run: Sequence[str]) -> None:
    writer = _pipe_without_reader()
    result = run_command(*small_run, capture_output=False, stdout=subprocess.PIPE, stderr=writer)
    os.close(writer)
    assert (result.returncode, result.stdout) == (1, "")


@pytest.mark.parametrize("arguments", [["recipes"], ["--headless", "--json"]])
def test_a_full_disk(arguments: list[str], tiny_folder: Path) -> None:
    words = [*arguments, *([f"--data-dir={tiny_folder}"] if "--headless" in arguments else [])]
    with open("/dev/full", "w") as full:
        result = run_command(*words, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    message = "mnist-tui: error: standard output: No space left on device\n"
    assert (result.returncode, result.stderr) == (1, message)


def test_what_was_computed_and_cannot_be_printed(
    small_run: Sequence[str], model_file: Path, tmp_path: Path
) -> None:
    root, grid = f"--runs-dir={tmp_path}", "\n".join([" ".join(["0"] * 28)] * 28)
    assert call_command(*small_run, root).returncode == 0
    message = "mnist-tui: error: standard output: No space left on device"
    for words in (["runs", "export", root], ["predict", "--model", model_file, "--json"]):
        with open("/dev/full", "w") as full:
            result = run_command(
                *words, capture_output=False, stdout=full, stderr=subprocess.PIPE, input=grid
            )
        assert (result.returncode, result.stderr.splitlines()[-1]) == (1, message), words


@pytest.mark.parametrize(
    "descriptor",
    [pytest.param(0, marks=pytest.mark.slow), pytest.param(1, marks=pytest.mark.slow), 2],
)
def test_a_stream_closed_from_the_start(descriptor: int, small_run: Sequence[str]) -> None:
    result = run_command(*small_run, preexec_fn=lambda: os.close(descriptor))
    assert result.returncode == 0
    assert "Traceback" not in result.stderr
    result = run_command("--no-such-flag", preexec_fn=lambda: os.close(descriptor))
    assert result.returncode == 2


def test_predict_without_standard_input(model_file: Path) -> None:
    result = run_command("predict", "--model", model_file, preexec_fn=lambda: os.close(0))
    assert refused(result).startswith("standard input: blank: 0 lines")


def test_output_in_an_encoding_that_cannot_draw_boxes() -> None:
    result = run_command("--help", env={"PYTHONIOENCODING": "ascii"})
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.isascii()


def in_terminal(
    *arguments: str | Path, interrupt_at: bytes = b"", **env: str
) -> tuple[int, str, str]:
    """Run a command whose standard error is a terminal of 80x24; exit code, stdout, what was drawn.

    Ctrl-C is typed when the given bytes have been drawn.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    words = command(*arguments)
    process = subprocess.Popen(
        words,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=environment(**({"TERM": "xterm-256color"} | env)),
        start_new_session=True,
        preexec_fn=lambda: (
            fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            signal.signal(signal.SIGINT, signal.SIG_DFL),
        ),
    )
    os.close(slave)
    drawn = b""
    try:
        while chunk := os.read(master, 65536):
            drawn += chunk
            if interrupt_at and interrupt_at in drawn:
                interrupt_at = b""
                os.write(master, b"\x03")
    except OSError:  # Linux's end of file on a terminal
        pass
    out, _ = process.communicate(timeout=30)
    os.close(master)
    return process.returncode, out.decode(), drawn.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*[1-9][0-9;]*m")
ERASE_LINE = "\x1b[2K"
HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"


def test_a_terminal_gets_a_bar_with_loss_accuracy_rate_and_time_left(
    small_run: Sequence[str],
) -> None:
    code, out, drawn = in_terminal(*small_run, "--epochs=80", "--step-interval=0")
    assert (code, out) == (0, "")
    assert ERASE_LINE in drawn
    assert COLOUR.search(drawn)
    assert drawn.count(HIDE) == drawn.count(SHOW) == 1
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn)
    bar = r"epoch \d+/80 .*\d+%.* loss \d\.\d{4} +test \d+\.\d\d% +[\d,]+/s +\d\d:\d\d left"
    assert re.search(bar, plain)
    assert re.search(r"(?m)[\r\n] +1 +3 +\d\.\d{4} .*s\r$", plain)
    assert plain.splitlines()[-1].startswith("repeat: mnist-tui --headless")
    assert all(
        len(line) < 80
        for part in plain.splitlines()
        for line in part.split("\r")
        if not line.startswith(("repeat: ", "run saved in "))
    )


def test_no_color_leaves_the_bar_and_takes_the_colour(small_run: Sequence[str]) -> None:
    _, _, drawn = in_terminal(*small_run, "--epochs=30", NO_COLOR="1")
    assert ERASE_LINE in drawn
    assert not COLOUR.search(drawn)


@pytest.mark.parametrize("term", ["dumb", pytest.param("unknown", marks=pytest.mark.slow)])
def test_a_dumb_terminal_gets_plain_lines(term: str, small_run: Sequence[str]) -> None:
    _, _, drawn = in_terminal(*small_run, TERM=term)
    assert "\x1b" not in drawn
    lines = drawn.splitlines()
    assert lines.count("") == 2, "before the table and after it: no trace of a bar"
    assert lines[-1].startswith("repeat: ")


def test_json_in_a_terminal_has_no_bar(small_run: Sequence[str]) -> None:
    code, out, drawn = in_terminal(*small_run, "--json")
    assert (code, drawn) == (0, "")
    check_stream(out)


def test_ctrl_c_takes_the_bar_away(small_run: Sequence[str]) -> None:
    """The `^C` that the terminal echoes once made the bar stay: it filled the line to its end."""
    code, _, drawn = in_terminal(*small_run, "--epochs=1000000", interrupt_at=b"loss ")
    assert code == 130
    assert "interrupted after" in drawn
    assert drawn.index(SHOW) > drawn.index(HIDE)
    bars = [
        line
        for line in re.split(r"\r|\n", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn))
        if "left" in line
    ]
    assert bars
    assert max(len(bar.rstrip("^C")) for bar in bars) <= 80 - len("^C") - 1
