"""`mnist-tui lessons` and `mnist-tui lesson`: the course, on paper."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from tui.system.exits import ExitCode
from tui.system.terminal import Terminal, of_output

if TYPE_CHECKING:
    from tui.lessons.lesson import Lesson

CHART_HEIGHT = 18


def lessons() -> ExitCode:
    """List the lessons, with the progress made in the application."""
    from tui.lessons.catalogue import lessons as all_lessons
    from tui.lessons.contents import summary
    from tui.lessons.progress import Progress

    progress, found = Progress.of_user(), all_lessons()
    width = max(len(lesson.name) for lesson in found)
    for lesson in found:
        status = progress.of(lesson.name).status
        sys.stdout.write(
            f"{lesson.number:>2}  {lesson.name:<{width}}  {status:<7}  {lesson.title}\n"
        )
    sys.stdout.write(f"\n{summary(found, progress)}\n")
    return ExitCode.SUCCESS


def lesson(
    name: Annotated[str, Parameter(help="Name or number of the lesson")],
    /,
    *,
    solution: Annotated[bool, Parameter(help="Print the hints and the solution too")] = False,
) -> ExitCode:
    """Print a lesson: its text, its picture, its question with the answer, and its task."""
    from tui.lessons.catalogue import find_lesson

    chosen = find_lesson(name)
    terminal, width = of_output()
    sys.stdout.write(_first_part(chosen, width))
    sys.stdout.flush()  # what follows may take seconds
    sys.stdout.write(_second_part(chosen, width, terminal, solution=solution))
    return ExitCode.SUCCESS


def _first_part(lesson: Lesson, width: int) -> str:
    """What is read before the prediction."""
    from tui.lessons.session import LETTERS

    choices = "   ".join(
        f"{letter}  {c}" for letter, c in zip(LETTERS, lesson.choices, strict=False)
    )
    title = f"{lesson.number}. {lesson.title}"
    parts = (f"{title}\n{'=' * len(title)}", lesson.text(), f"Predict: {lesson.question}")
    return "\n\n".join(_wrapped(part, width) for part in parts) + f"\n  {choices}\n\n"


def _second_part(lesson: Lesson, width: int, terminal: Terminal, *, solution: bool) -> str:
    """The picture, the answer, and what follows from it."""
    from tui.app.widgets.figures import figure_strips
    from tui.app.widgets.plain import plain_text
    from tui.lessons.session import LETTERS, compute
    from tui.recording.invocation import repeat_command

    start = lesson.start()
    view = compute(lesson, start, solved=solution)
    result = view.result
    assert result is not None
    knobs = "; ".join(
        f"{knob.name} {knob.text(knob.start)}"
        + (f" (of {', '.join(map(knob.text, knob.settings))})" if len(knob.settings) < 12 else "")
        for knob in lesson.knobs
    )
    picture = plain_text(figure_strips(view.figures, width, CHART_HEIGHT, terminal), terminal)
    after = [
        f"Picture: {knobs}.",
        f"Answer: {LETTERS[result.answer.choice]}. {result.answer.reason}",
        result.explanation,
        f"Task, in the application: {lesson.task}",
    ]
    if solution:
        after += [f"Hint: {hint}" for hint in lesson.hints]
        after += [f"Solution: {result.solution}"]
    commands = [repeat_command(each, headless=False) for each in lesson.experiments(start)]
    shown = "".join(f"\n{_continued(command, width)}" for command in commands)
    after += [f"In Train: {lesson.train}{shown}", f"In Python:\n{_indented(lesson.code)}"]
    return f"{picture}\n\n" + "\n\n".join(_wrapped(part, width) for part in after) + "\n"


def _indented(code: str) -> str:
    return textwrap.indent(code, "  ")


def _continued(command: str, width: int) -> str:
    """A command line that the shell reads as one, in lines of at most `width`."""
    lines = textwrap.wrap(
        command, max(20, width - 4), break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(
        f"  {line}{' ' + chr(92) if i + 1 < len(lines) else ''}" for i, line in enumerate(lines)
    )


def _wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width`; lines that begin with blanks stay as they are."""
    lines: list[str] = []
    for line in text.splitlines():
        whole: Sequence[str] = [line] if line.startswith(" ") else textwrap.wrap(line, width)
        lines += whole or [""]
    return "\n".join(lines)
