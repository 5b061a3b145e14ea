"""What every lesson of the course keeps to, whatever it teaches."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path
from typing import Any

import pytest

from nn.data import dataset
from nn.data.dataset import Dataset
from nn.errors import ConfigError
from tests.support.commands import ROOT
from tui.app.widgets.figures import figure_strips
from tui.cli.flags import experiment_of
from tui.cli.parser import app
from tui.lessons import course
from tui.lessons.catalogue import find_lesson, lessons
from tui.lessons.figures import Figure
from tui.lessons.lesson import Lesson
from tui.recording.invocation import repeat_command
from tui.system.terminal import FULL, Terminal

BRAILLE = frozenset(map(chr, range(0x2800, 0x2900)))
TRAIN = ("batches", "training", "crossentropy", "momentum", "initialization", "overfitting")
"""Lessons that train for seconds."""
EACH = pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.name)
EACH_IN_FULL = pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(lesson, marks=[pytest.mark.slow] * (lesson.name in TRAIN), id=lesson.name)
        for lesson in lessons()
    ],
)
SMALL = pytest.mark.usefixtures("small_training")


def texts(lesson: Lesson) -> list[str]:
    return [
        *(lesson.title, lesson.idea, lesson.question, lesson.task, lesson.train, lesson.code),
        *(*lesson.choices, *lesson.hints, lesson.text(), lesson.explanation()),
        *(lesson.answer().reason, lesson.check(lesson.start()).measured),
    ]


def test_the_course_has_a_lesson_for_each_number() -> None:
    assert [lesson.number for lesson in lessons()] == list(range(1, len(lessons()) + 1))
    assert len({lesson.name for lesson in lessons()}) == len(lessons())
    assert [lesson.name for lesson in lessons()][:4] == ["data", "neuron", "activations", "softmax"]


@EACH
def test_a_lesson_is_found_by_its_name_and_its_number(lesson: Lesson) -> None:
    found = [type(find_lesson(word)) for word in (lesson.name, str(lesson.number))]
    assert found == [type(lesson)] * 2


def test_a_lesson_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"no lesson 'sofmax'.*softmax"):
        find_lesson("sofmax")
    with pytest.raises(ConfigError, match="the lessons are data, neuron"):
        find_lesson("0")


@EACH_IN_FULL
def test_the_task_is_not_done_at_first_and_is_done_by_the_solution(lesson: Lesson) -> None:
    start, solution = lesson.start(), lesson.solution().state
    assert not lesson.check(start).passed
    for knob in lesson.knobs:
        assert start[knob.name] in knob.settings
        assert solution.get(knob.name, knob.start) in knob.settings
    assert set(solution) <= set(start)
    assert lesson.check({**start, **solution}).passed
    assert lesson.solution().text.isascii()


@SMALL
@EACH
def test_the_prediction_has_one_right_answer_among_two_or_three(lesson: Lesson) -> None:
    assert len(lesson.choices) in (2, 3)
    assert lesson.answer().choice in range(len(lesson.choices))
    assert len(lesson.hints) == 2


@SMALL
@EACH
def test_texts_can_be_shown_on_every_terminal(lesson: Lesson) -> None:
    for text in texts(lesson):
        assert text.strip()
        assert text.isascii()
        assert text.isprintable() or "\n" in text
    for line in f"{lesson.text()}\n{lesson.explanation()}".splitlines():
        assert len(line) <= 36 or not line.startswith(" ")


@EACH
def test_the_five_lines_of_code_run(
    lesson: Lesson,
    small: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dataset, "load_dataset", lambda: small)
    assert len(lesson.code.splitlines()) <= 5
    assert max(map(len, lesson.code.splitlines())) <= 78  # indented, in a pipe of 80 columns
    assert "from nn." in lesson.code
    assert "tui" not in lesson.code
    exec(lesson.code, {})
    assert capsys.readouterr().out.strip()


@EACH
def test_what_it_opens_in_train_is_what_its_command_opens(lesson: Lesson) -> None:
    for experiment in lesson.experiments(lesson.start()):
        words = shlex.split(repeat_command(experiment, headless=False))[1:]
        _, bound, _ = app.parse_args(words, print_error=False, exit_on_error=False)
        typed = dict(bound.kwargs)
        assert experiment_of(typed.pop("recipe", None), None, typed) == experiment


def pictures(lesson: Lesson, every: bool) -> list[list[Figure]]:
    """For every setting of every knob, or the first and the last; the others at their start."""
    start = lesson.start()
    states: list[dict[str, Any]] = [
        {**start, knob.name: setting} for knob in lesson.knobs for setting in knob.settings
    ]
    shown = states if every else [states[0], states[-1]]
    return [list(lesson.figures(state)) for state in shown]


@SMALL
@EACH
@pytest.mark.parametrize("every", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_pictures_fit_for_every_setting_and_in_any_space(lesson: Lesson, every: bool) -> None:
    """In one test, since a lesson may train for each setting. The last frame is the picture."""
    terminals = itertools.cycle(
        (FULL, Terminal(ascii_only=True, colors="none"), Terminal(False, "16", braille=False))
    )
    for figures, terminal in zip(pictures(lesson, every), terminals, strict=False):
        strips = figure_strips(figures, 41, 17, terminal)
        assert 0 < len(strips) <= 17
        assert {strip.cell_length for strip in strips} == {41}
        text = "\n".join(strip.text for strip in strips)
        assert text.isascii() or not terminal.ascii_only
        assert terminal.thin_lines or BRAILLE.isdisjoint(text)
        assert "no data yet" not in text
    picture = lesson.figures(lesson.start())
    for width, height in ((1, 1), (12, 3), (40, 6), (66, 30), (140, 44)):
        strips = figure_strips(picture, width, height, FULL)
        assert len(strips) <= height
        assert all(strip.cell_length == width for strip in strips)
    *_, last = lesson.frames(lesson.start())
    drawn, whole = (figure_strips(each, 60, 20, FULL) for each in (last, picture))
    assert [strip.text for strip in drawn] == [strip.text for strip in whole]


def test_a_file_more_is_a_lesson_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else is touched: neither a list of lessons nor a command nor the screen."""
    source = (ROOT / "tui" / "lessons" / "course" / "neuron.py").read_text(encoding="utf-8")
    source = source.replace('2, "neuron"', '99, "another"')
    (tmp_path / "another_lesson.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(course, "__path__", [*course.__path__, str(tmp_path)])
    lessons.cache_clear()
    try:
        assert lessons()[-1].number == 99
        assert find_lesson("another") is lessons()[-1]
    finally:
        lessons.cache_clear()
