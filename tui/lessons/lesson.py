"""What every lesson has: a text, a picture with knobs, a prediction, a task, hints, a solution."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from nn.config import TrainConfig
from nn.recipes import load_recipe
from tui.lessons.figures import Figure
from tui.recording.experiment import Experiment

if TYPE_CHECKING:
    from tui.lessons.tour import Tour

Setting: TypeAlias = float | str
State: TypeAlias = Mapping[str, Any]
"""The setting of every knob, by the name of the knob."""


@dataclass(frozen=True)
class Knob:
    """Something that the reader moves: one of `settings`, in their order; `start` is the first."""

    name: str
    settings: tuple[Setting, ...]
    start: Setting

    def text(self, setting: Setting) -> str:
        """The setting in a few characters."""
        return setting if isinstance(setting, str) else f"{setting:g}"


def nearest(value: float, guesses: Sequence[float]) -> int:
    """The index of the guess that a value is next to, the first of those as near."""
    return min(range(len(guesses)), key=lambda index: abs(value - guesses[index]))


@dataclass(frozen=True)
class Answer:
    """The right choice of a prediction, as an index, and the reason in a sentence or two."""

    choice: int
    reason: str


@dataclass(frozen=True)
class Verdict:
    """Whether the task is done, and what was measured."""

    passed: bool
    measured: str


@dataclass(frozen=True)
class Solution:
    """The solution of the task in words, and the knobs that have to be moved for it."""

    text: str
    state: State


class Lesson(ABC):
    """One idea. Each lesson is a subclass in a module of its own in `tui.lessons.course`.

    All methods are pure: what they return depends on their arguments alone. They are called on a
    thread beside the screen, and may compute for up to ten seconds. All texts are ASCII, so that
    every terminal can show them.

    Attributes:
        number: The place in the course, from 1.
        name: One word, by which `mnist-tui lesson` finds it.
        title: A few words.
        idea: The one idea, in a sentence.
        knobs: What the reader moves.
        question: The prediction that is asked for before anything moves.
        choices: Two or three answers to choose from.
        task: What the reader is to bring about.
        hints: Two, the second the clearer one.
        revealing: Whether the picture gives the answer away, and so is shown after the prediction.
        train: What does the same on the screen Train, in a sentence.
        recipe: The recipe that a run of this lesson starts from, None for the defaults.
        fields: The fields of `TrainConfig` that differ from it, each with its value.
        code: At most five lines of Python with `nn` that do the same; a test runs them.
    """

    number: ClassVar[int]
    name: ClassVar[str]
    title: ClassVar[str]
    idea: ClassVar[str]
    knobs: ClassVar[tuple[Knob, ...]]
    question: ClassVar[str]
    choices: ClassVar[tuple[str, ...]]
    task: ClassVar[str]
    hints: ClassVar[tuple[str, str]]
    revealing: ClassVar[bool] = False
    train: ClassVar[str]
    recipe: ClassVar[str | None] = None
    fields: ClassVar[tuple[tuple[str, Any], ...]] = ()
    code: ClassVar[str]

    @abstractmethod
    def text(self) -> str:
        """The introduction, in paragraphs; a line that begins with blanks is a formula."""

    @abstractmethod
    def explanation(self) -> str:
        """What is told after the prediction, since it gives the answer away; as `text`."""

    @abstractmethod
    def figures(self, state: State) -> Sequence[Figure]:
        """The picture, from top to bottom."""

    def frames(self, state: State) -> Iterator[Sequence[Figure]]:
        """The picture as it grows while it is computed; the last one is that of `figures`.

        A frame is drawn while the next one is made, so it shares no list or array that still
        changes. Where the reader moves on, no further frame is taken.
        """
        yield self.figures(state)

    @abstractmethod
    def answer(self) -> Answer:
        """What is right, found by computing it."""

    @abstractmethod
    def check(self, state: State) -> Verdict:
        """Whether what the knobs bring about is what the task wants, measured on the result."""

    @abstractmethod
    def solution(self) -> Solution:
        """How the task is done."""

    def tour(self) -> Tour | None:
        """The walk that the lesson leads through on the screen Walk, if it does."""
        return None

    def start(self) -> dict[str, Setting]:
        """Every knob where it stands at first."""
        return {knob.name: knob.start for knob in self.knobs}

    def experiments(self, state: State) -> tuple[Experiment, ...]:
        """The runs that the picture shows or that do the same; Train opens the first one."""
        if self.recipe is None and not self.fields:
            return ()
        return (experiment(self.recipe, **dict(self.fields)),)


def experiment(recipe: str | None, **changes: object) -> Experiment:
    """A recipe, or the defaults, with some fields changed."""
    base = TrainConfig() if recipe is None else load_recipe(recipe).config
    return Experiment(TrainConfig.layered(base.to_dict(), changes), recipe, base)
