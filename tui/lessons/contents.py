"""The list of the course with the progress made in it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tui.formatting import cut_middle
from tui.lessons.lesson import Lesson
from tui.lessons.progress import Progress

_STATUS = 7
"""Cells of how far a lesson has come."""
_GAPS = 8
"""Cells of the cursor, the number and the gaps of a line."""
BELOW = 6
"""Lines that the title, the idea of a lesson and the keys need."""


def summary(found: Sequence[Lesson], progress: Progress) -> str:
    """How many lessons are passed."""
    passed = sum(progress.of(lesson.name).passed for lesson in found)
    return f"{passed} of {len(found)} passed"


def contents(
    found: Sequence[Lesson], progress: Progress, cursor: int, width: int, height: int
) -> str:
    """A line for each lesson, with its idea if there is room for all of them.

    Else the idea of the one under the cursor stands below them. Where not all lines fit, those
    around the cursor are shown.
    """
    title = max(len(lesson.title) for lesson in found)
    wide = title + _STATUS + max(len(lesson.idea) for lesson in found) + _GAPS <= width
    lines = []
    for i, lesson in enumerate(found):
        status = progress.of(lesson.name).status
        room = min(title, max(1, width - _GAPS - len(status))) if status else title
        line = f"{'>' if i == cursor else ' '}{lesson.number:>2}  "
        line += f"{cut_middle(lesson.title, room):<{room}}  {status:<{_STATUS * wide}}"
        lines.append(f"{line}  {lesson.idea}" if wide else line.rstrip())
    room = max(1, height - BELOW)
    first = min(max(0, cursor - room // 2), max(0, len(lines) - room))
    idea = [] if wide else textwrap.wrap(found[cursor].idea, max(10, width - 2))
    trouble = [progress.trouble] if progress.trouble else []
    return "\n".join([*lines[first : first + room], "", *idea, *trouble])
