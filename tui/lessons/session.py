"""One lesson as it is worked through: what may be moved, what is shown, and when it is passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tui.formatting import in_lines
from tui.lessons.figures import Figure, Lines
from tui.lessons.lesson import Answer, Lesson, Setting, Verdict
from tui.lessons.progress import Record
from tui.recording.invocation import repeat_command

LETTERS = "abc"
HELP = ("First hint", "Second hint", "Solution")
WAITING = (Lines(("", "The picture follows", "the prediction.")),)


@dataclass(frozen=True)
class Result:
    """What is told after the prediction; `solution` is empty where it was not asked for."""

    verdict: Verdict
    answer: Answer
    explanation: str
    solution: str


@dataclass(frozen=True)
class View:
    """What was computed for one state of the knobs.

    `result` is None before the prediction, and as long as the picture still grows.
    """

    settings: Mapping[str, Setting]
    figures: tuple[Figure, ...]
    text: str
    result: Result | None


def views(
    lesson: Lesson, settings: Mapping[str, Setting], *, predicted: bool, solved: bool
) -> Iterator[View]:
    """All that is shown for these settings, growing as it is computed, which may take seconds.

    Before the prediction nothing is computed that would give the answer away. The solution is
    computed where it was asked for (`solved`).
    """
    text, state = lesson.text(), dict(settings)
    if lesson.revealing and not predicted:
        yield View(state, WAITING, text, None)
        return
    for figures in lesson.frames(state):
        view = View(state, tuple(figures), text, None)
        yield view
    if predicted:  # the last frame is the whole picture
        told = lesson.explanation()
        solution = lesson.solution().text if solved else ""
        yield replace(view, result=Result(lesson.check(state), lesson.answer(), told, solution))


def compute(
    lesson: Lesson,
    settings: Mapping[str, Setting],
    *,
    predicted: bool = True,
    solved: bool = False,
) -> View:
    """The last of `views`."""
    *_, view = views(lesson, settings, predicted=predicted, solved=solved)
    return view


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
        """Put every knob where it stood at first, and a guided walk to its first stop."""
        self.settings = self.lesson.start()
        self.record.settings, self.record.stop = {}, 0

    def help(self) -> bool:
        """Show another hint, or after both the solution; False before the prediction or at the
        end.
        """
        if not self.predicted or self.record.help >= len(HELP):
            return False
        self.record.help += 1
        return True

    @property
    def solved(self) -> bool:
        """Whether the solution was asked for."""
        return self.record.help >= len(HELP)

    def judge(self, view: View) -> bool:
        """Note that the task is done if it is; True the first time."""
        passed = view.result is not None and view.result.verdict.passed
        done = self.predicted and passed and not self.record.passed
        if done:
            self.record.passed, self.record.skipped = True, False
        return done

    # What is written beside the picture

    def knob_lines(self, width: int) -> str:
        """Every knob with its setting, the one that is moved in angle brackets."""
        parts = []
        for i, knob in enumerate(self.lesson.knobs):
            text = f"{knob.name} {knob.text(self.settings[knob.name])}"
            parts.append(f"<{text}>" if i == self.knob and self.predicted else f" {text} ")
        return in_lines(parts, width, gap=" ")

    @property
    def heading(self) -> str:
        """The lesson's number and title, and how far the reader has come with it."""
        state = f"   {self.record.status}" if self.record.status else ""
        return f"{self.lesson.number}  {self.lesson.title}{state}"

    def below(self, view: View | None, width: int, *, brief: bool = False) -> str:
        """What is asked, in lines of that width, or what came of the prediction, once known."""
        if not self.predicted:
            return "\n".join(self.asked(width))
        return "\n".join(self.told(view, brief=brief)) if view is not None else ""

    def asked(self, width: int) -> list[str]:
        """The question, and its choices in lines of that width."""
        lesson = self.lesson
        choices = [f"{LETTERS[i]}  {choice}" for i, choice in enumerate(lesson.choices)]
        return [f"Predict: {lesson.question}", in_lines(choices, width)]

    def told(self, view: View, *, brief: bool = False) -> list[str]:
        """The prediction beside the result, the task, and what is measured.

        The reason why the result is what it is stands behind it, unless `brief`.
        """
        made, result = self.record.prediction, view.result
        assert made is not None
        passed = "Task, passed" if self.record.passed else "Task"
        if result is None:
            lines = [f"You predicted {LETTERS[made]}. The answer is being computed ..."]
            return [*lines, f"{passed}: {self.lesson.task}"]
        right = result.answer.choice
        mark = "right" if made == right else f"it is {LETTERS[right]}"
        reason = "" if brief else f" {result.answer.reason}"
        return [
            f"You predicted {LETTERS[made]}: {mark}.{reason}",
            f"{passed}: {self.lesson.task}",
            f"Now: {result.verdict.measured}",
        ]

    def helped(self, view: View) -> list[str]:
        """The hints that were asked for, and after them the solution."""
        solution = view.result.solution if view.result else ""
        texts = (*self.lesson.hints, solution or "computing ...")
        return [f"{HELP[i]}: {texts[i]}" for i in range(self.record.help)]

    def reading(self, view: View, opens: str, *, brief: bool = False) -> str:
        """All that is read: hints, the text, and after the prediction what follows from it.

        `opens` says how a run of the lesson is opened in Train. The reason of the answer is part
        of it where `told` is `brief`.
        """
        parts, lesson, result = [*self.helped(view), view.text], self.lesson, view.result
        if result is not None:
            parts += [result.answer.reason] if brief else []
            parts += [result.explanation, self._in_train(opens), f"In Python:\n{lesson.code}"]
        return "\n\n".join(filter(None, parts))

    def _in_train(self, opens: str) -> str:
        found = self.lesson.experiments(self.settings)
        commands = [f"  {repeat_command(each, headless=False)}" for each in found]
        keys = [opens] if found else []
        return "\n".join([f"In Train: {self.lesson.train}", *keys, *commands])
