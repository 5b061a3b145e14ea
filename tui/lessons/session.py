"""One lesson as it is worked through: what may be moved, what is shown, and when it is passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui.lessons.figures import Figure
from tui.lessons.lesson import Answer, Lesson, Setting, Verdict
from tui.lessons.progress import Record

LETTERS = "abc"
HELP = ("First hint", "Second hint", "Solution")


@dataclass(frozen=True)
class View:
    """What was computed for one state of the knobs."""

    settings: Mapping[str, Setting]
    figures: tuple[Figure, ...]
    verdict: Verdict
    text: str
    explanation: str
    answer: Answer


def compute(lesson: Lesson, settings: Mapping[str, Setting], *, predicted: bool = True) -> View:
    """Everything that is shown for these settings; it may take seconds.

    Before the prediction is made, the explanation is left out, which may take the longest.
    """
    figures, verdict = tuple(lesson.figures(settings)), lesson.check(settings)
    text, told = lesson.text(), lesson.explanation() if predicted else ""
    return View(dict(settings), figures, verdict, text, told, lesson.answer())


class Session:
    """A lesson with its record, from which it goes on where it was left.

    The knobs are fixed until a prediction is made. A task once passed stays passed.

    Attributes:
        settings: Where each knob stands.
        knob: The index of the knob that is moved.
    """

    def __init__(self, lesson: Lesson, record: Record) -> None:
        self.lesson, self.record = lesson, record
        self.knob = 0
        self.settings = lesson.start()
        for each in lesson.knobs:
            if record.settings.get(each.name) in each.settings:
                self.settings[each.name] = record.settings[each.name]
        if record.prediction is not None and record.prediction >= len(lesson.choices):
            record.prediction = None

    @property
    def predicted(self) -> bool:
        """Whether the prediction was made, and so the answer may be seen."""
        return self.record.prediction is not None

    def predict(self, choice: int) -> bool:
        """Record the prediction, which cannot be changed afterwards; False if it was not taken."""
        if self.predicted or not 0 <= choice < len(self.lesson.choices):
            return False
        self.record.prediction, self.record.skipped = choice, False
        return True

    def choose(self, step: int) -> None:
        """Move another knob from now on."""
        self.knob = (self.knob + step) % len(self.lesson.knobs)

    def turn(self, step: int) -> bool:
        """Move the knob to a neighbouring setting; False where it does not move."""
        if not self.predicted:
            return False
        knob = self.lesson.knobs[self.knob]
        at = knob.settings.index(self.settings[knob.name]) + step
        if not 0 <= at < len(knob.settings):
            return False
        self.settings[knob.name] = knob.settings[at]
        self.record.settings = dict(self.settings)
        return True

    def back_to_start(self) -> None:
        """Put every knob where it stood at first."""
        self.settings = self.lesson.start()
        self.record.settings = {}

    def help(self) -> bool:
        """Show another hint, or after both the solution; False before the prediction or at the
        end.
        """
        if not self.predicted or self.record.help >= len(HELP):
            return False
        self.record.help += 1
        return True

    def judge(self, view: View) -> bool:
        """Note that the task is done if it is; True the first time."""
        done = self.predicted and view.verdict.passed and not self.record.passed
        if done:
            self.record.passed, self.record.skipped = True, False
        return done

    # What is written beside the picture

    def knob_line(self) -> str:
        """Every knob with its setting, the one that is moved in angle brackets."""
        parts = []
        for i, knob in enumerate(self.lesson.knobs):
            text = f"{knob.name} {knob.text(self.settings[knob.name])}"
            parts.append(f"<{text}>" if i == self.knob and self.predicted else f" {text} ")
        return " ".join(parts)

    def asked(self) -> list[str]:
        """The question and its choices."""
        lesson = self.lesson
        choices = [f"{LETTERS[i]}  {choice}" for i, choice in enumerate(lesson.choices)]
        return [f"Predict: {lesson.question}", "   ".join(choices)]

    def told(self, view: View, *, brief: bool = False) -> list[str]:
        """The prediction beside the result, the task, and what is measured.

        The reason why the result is what it is stands behind it, unless `brief`.
        """
        made, right = self.record.prediction, view.answer.choice
        assert made is not None
        mark = "right" if made == right else f"it is {LETTERS[right]}"
        reason = "" if brief else f" {view.answer.reason}"
        lines = [f"You predicted {LETTERS[made]}: {mark}.{reason}"]
        lines.append(f"{'Task, passed' if self.record.passed else 'Task'}: {self.lesson.task}")
        lines.append(f"Now: {view.verdict.measured}")
        return lines

    def helped(self) -> list[str]:
        """The hints that were asked for, and after them the solution."""
        texts = (*self.lesson.hints, self.lesson.solution().text)
        return [f"{HELP[i]}: {texts[i]}" for i in range(self.record.help)]
