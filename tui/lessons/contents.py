"""The list of the course with the progress made in it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tui.lessons.lesson import Lesson
from tui.lessons.progress import Progress

BELOW = 6
"""Lines that the title, the idea of a lesson and the keys need."""


def summary(found: Sequence[Lesson], progress: Progress) -> str:
    """How many lessons are passed."""
    passed = sum(progress.of(lesson.name).passed for lesson in found)
    return f"{passed} of {len(found)} passed"


def contents(
    found: Sequence[Lesson], progress: Progress, cursor: int, width: int, height: int
) -> str:
    """A line for each lesson, and below them the idea of the one under the cursor.

    Where not all lines fit, those around the cursor are shown.
    """
    title = max(len(lesson.title) for lesson in found)
    lines = [
        f"{'>' if i == cursor else ' '}{lesson.number:>2}  {lesson.title:<{title}}"
        f"  {progress.of(lesson.name).status}"
        for i, lesson in enumerate(found)
    ]
    room = max(1, height - BELOW)
    first = min(max(0, cursor - room // 2), max(0, len(lines) - room))
    idea = textwrap.wrap(found[cursor].idea, max(10, width - 2))
    trouble = [progress.trouble] if progress.trouble else []
    return "\n".join([*lines[first : first + room], "", *idea, *trouble])
