"""The list of the course."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.lessons.catalogue import lessons
from tui.lessons.contents import contents
from tui.lessons.progress import Progress


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Progress:
    """All lessons are begun."""
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    progress = Progress.of_user()
    for lesson in lessons():
        progress.of(lesson.name).prediction = 0
    return progress


@pytest.mark.parametrize("width", [20, 36, 76, 116, 196])
def test_a_lesson_takes_one_line_which_says_how_far_it_has_come(
    begun: Progress, width: int
) -> None:
    found = lessons()
    status = begun.of(found[0].name).status
    assert status
    lines = contents(found, begun, 3, width, 40).splitlines()[: len(found)]
    for lesson, line in zip(found, lines, strict=True):
        assert len(line) <= width
        assert line.split()[:1] == [f"{lesson.number}"] or line.startswith(">")
        assert status in line


def test_the_ideas_of_all_lessons_are_told_where_they_fit(begun: Progress) -> None:
    found = lessons()
    wide, narrow = (contents(found, begun, 0, width, 40) for width in (196, 76))
    assert all(lesson.idea in wide for lesson in found)
    told = " ".join(narrow.split())
    assert [lesson.idea in told for lesson in found] == [True] + [False] * (len(found) - 1)
