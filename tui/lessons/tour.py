"""A guided walk: places on the screen Walk, each with a question or something to bring about.

Numbers are taken from the arrays of the step that is shown, whatever the data are. A question is
asked before the numbers that answer it are shown; a task is judged by where the walk then is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from nn.analysis.nudge import Nudge
from nn.analysis.stage import Index
from nn.analysis.step_arrays import Pass
from nn.arrays import Array
from nn.config import TrainConfig
from nn.data.dataset import Dataset
from tui.formatting import in_lines
from tui.lessons.lesson import Setting, Verdict
from tui.lessons.progress import Record
from tui.lessons.session import LETTERS

Level = Literal["images", "stages", "numbers", "nudge"]


@dataclass(frozen=True)
class Place:
    """Where a walk is: its step, the level, the stage with the chosen element, and a nudge."""

    step: int
    taken: Pass
    level: Level
    stage: str
    index: Index
    nudge: Nudge | None = None

    def array(self, name: str) -> Array:
        """The array of a stage."""
        return next(stage.array for stage in self.taken.stages if stage.name == name)

    @property
    def right(self) -> int:
        """How many images are recognized."""
        y, t = self.taken.probabilities, self.taken.values["t"]
        return int(np.count_nonzero(y.argmax(axis=1) == t.argmax(axis=1)))


@dataclass(frozen=True)
class Question:
    """What is asked, the choices, the index of the right one, and the reason."""

    text: str
    choices: tuple[str, ...]
    right: int
    reason: str


@dataclass(frozen=True)
class Ask:
    """A place where a question is asked; the numbers of the stage are hidden until then."""

    stage: str
    question: Callable[[Place], Question]
    level: ClassVar[Level] = "stages"


@dataclass(frozen=True)
class Do:
    """A place where something is to be done, judged by the place that the walk is at."""

    level: Level
    stage: str
    text: str
    judge: Callable[[Place], Verdict]


@dataclass(frozen=True)
class Tour:
    """The network that is walked with, the places in their order, and what is said at the end.

    `data` returns the data of the lesson, whose first training images are walked with, whatever
    the application has open. `settings` are where the knobs of the lesson stand for a place of the
    walk.
    """

    config: TrainConfig
    data: Callable[[], Dataset]
    stops: tuple[Ask | Do, ...]
    end: str
    settings: Callable[[Place], Mapping[str, Setting]]


class Touring:
    """A tour as it is gone through, from the stop where it was left.

    Attributes:
        arrived: Whether the walk has been taken to the present stop.
        place: The place that was looked at last.
    """

    def __init__(self, tour: Tour, record: Record) -> None:
        self.tour, self.record = tour, record
        record.stop = min(record.stop, len(tour.stops))
        self.arrived = False
        self.place: Place | None = None
        self._question: Question | None = None
        self._verdict: Verdict | None = None
        self._predicted: int | None = None

    @property
    def stop(self) -> Ask | Do | None:
        """The present stop; None at the end."""
        stops = self.tour.stops
        return stops[self.record.stop] if self.record.stop < len(stops) else None

    @property
    def asking(self) -> bool:
        """Whether a question waits for its answer."""
        return self._question is not None and self._predicted is None

    def hides(self, stage: str) -> bool:
        """Whether the numbers of a stage would give the answer away."""
        stop = self.stop
        return isinstance(stop, Ask) and stop.stage == stage and self._predicted is None

    def look(self, place: Place) -> None:
        """Take in where the walk is; what was done once stays done."""
        self.place, stop = place, self.stop
        if isinstance(stop, Ask) and self._question is None:
            self._question = stop.question(place)
        if isinstance(stop, Do) and not (self._verdict and self._verdict.passed):
            self._verdict = stop.judge(place)

    def predict(self, choice: int) -> bool:
        """Answer the question, once; False if the choice was not taken."""
        question = self._question
        if question is None or not self.asking or not 0 <= choice < len(question.choices):
            return False
        self._predicted = choice
        return True

    def go_on(self) -> bool:
        """Go to the next stop; False while a question waits, and at the end."""
        if self.stop is None or self.asking:
            return False
        self.record.stop += 1
        self.arrived = False
        self._question = self._verdict = self._predicted = None
        return True

    def lines(self, width: int, back: str) -> list[str]:
        """What is told and asked at this stop, with choices in lines of that width.

        `back` is the key that leads back to the lesson.
        """
        stop, question, verdict = self.stop, self._question, self._verdict
        if stop is None:
            return [f"{self.tour.end} {back}: back to the lesson."]
        at = f"{self.record.stop + 1}/{len(self.tour.stops)}"
        if isinstance(stop, Do):
            measured = f"{'Done' if verdict and verdict.passed else 'Now'}: " if verdict else ""
            return [f"{at} {stop.text}", f"{measured}{verdict.measured if verdict else ''}"]
        if question is None:
            return [at]
        if self._predicted is None:
            choices = (f"{LETTERS[i]}  {choice}" for i, choice in enumerate(question.choices))
            return [f"{at} {question.text}", in_lines(choices, width)]
        right = self._predicted == question.right
        told = "right." if right else f"it is {LETTERS[question.right]}."
        return [f"{at} You predicted {LETTERS[self._predicted]}: {told} {question.reason}"]
