"""The course as text: `mnist-tui lessons` and `mnist-tui lesson`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.commands import call_command, run_command
from tui.lessons.catalogue import lessons
from tui.lessons.progress import NAME


def test_the_list_shows_the_progress(tmp_path: Path) -> None:
    entries = {"softmax": {"passed": True}, "losses": {"skipped": True}}
    (tmp_path / NAME).write_text(json.dumps({"lessons": entries}))
    result = call_command("lessons", env={"MNIST_TUI_RUNS_DIR": str(tmp_path / "runs")})
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert [line.split()[:2] for line in lines[: len(lessons())]] == [
        [str(lesson.number), lesson.name] for lesson in lessons()
    ]
    assert "passed" in lines[3]
    assert "skipped" in lines[4]
    assert lines[-1] == f"1 of {len(lessons())} passed"
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_a_lesson_in_a_pipe(encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding, "COLUMNS": "60"}
    call = run_command if encoding == "ascii" else call_command  # whose output is UTF-8
    result = call("lesson", "descent", env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout
    assert result.stdout.isascii() or encoding == "utf-8"
    order = ["7. Gradient descent", "Predict:", "SGD", "Answer: b.", "Task", "In Python:"]
    places = [result.stdout.index(part) for part in order]
    assert places == sorted(places)
    assert "Solution:" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_what_is_printed_is_as_wide_as_the_terminal_up_to_a_hundred_columns() -> None:
    """A lesson is, and so are all charts, which take the width from the same place."""
    for columns, least, most in ((90, 81, 90), (150, 91, 100)):
        result = call_command("lesson", "descent", env={"COLUMNS": str(columns)})
        assert least <= max(map(len, result.stdout.splitlines())) <= most


def test_the_solution_is_printed_where_it_is_wanted() -> None:
    result = call_command("lesson", "7", "--solution")
    assert "Solution: rate 1.1" in result.stdout
    assert result.stdout.count("Hint:") == 2


def test_a_lesson_that_does_not_exist() -> None:
    result = call_command("lesson", "sofmax")
    assert (result.returncode, result.stdout) == (2, "")
    assert "no lesson 'sofmax'" in result.stderr
    assert len(result.stderr.splitlines()) == 1
