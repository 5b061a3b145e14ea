"""Lessons that train, from the list to the passed task, in a real terminal."""

from __future__ import annotations

import pytest

from tests.support.tmux import APPLICATION, Tmux, Window
from tui.lessons.catalogue import find_lesson

pytestmark = pytest.mark.slow

KEYS = {
    "training": (*["Left"] * 5, "Down", "Down", *["Right"] * 3),
    "crossentropy": ("Right",),
    "momentum": ("Down", *["Right"] * 4),
    "initialization": ("Down", *["Left"] * 3),
    "overfitting": ("Down", "Right", "Right", "Down", "Right", "Right"),
}
"""What brings about the task of each."""


def opened(window: Window, name: str) -> Tmux:
    """The lesson of this name, whose prediction was not made yet."""
    terminal = window()
    terminal.run(APPLICATION)
    terminal.wait_for("ready")
    terminal.press("8")
    terminal.wait_for("0 of 16 passed")
    terminal.press(*["Down"] * (find_lesson(name).number - 1), "Enter")
    terminal.wait_for("Predict: ", "The picture follows")
    return terminal


@pytest.mark.parametrize("name", KEYS)
def test_a_lesson_from_its_start_to_its_end(window: Window, name: str) -> None:
    terminal = opened(window, name)
    terminal.press("b")
    terminal.wait_for("The answer is being computed", "Task: ")
    terminal.wait_for("You predicted b: ", "Now: ")
    terminal.press(*KEYS[name])
    terminal.wait_for("Task, passed: ", "1 of 16 passed")
    terminal.press("+", "+", "+")
    terminal.wait_for("Second hint: ")
    terminal.press("Escape")
    terminal.wait_for("Lessons   1 of 16 passed")  # a key right after it would be Alt and that key
    terminal.press("q")
    terminal.wait_for("exit:0")
    terminal.run(f"{APPLICATION} lessons")
    terminal.wait_for("1 of 16 passed", "exit:0")


def test_the_application_can_be_left_while_a_lesson_trains(window: Window) -> None:
    terminal = opened(window, "training")
    terminal.press("a")
    terminal.wait_for("of 25 right")
    terminal.press("q")
    terminal.wait_for("exit:0")
    assert not terminal.in_application()


def test_other_settings_are_computed_at_once_where_the_reader_moves_on(window: Window) -> None:
    terminal = opened(window, "crossentropy")
    terminal.press("a")
    terminal.wait_for("The answer is being computed")
    terminal.press("Right")
    terminal.wait_for("<race tanh net>", "A mse")
    terminal.press("Escape")
    terminal.wait_for("Lessons   ")
    terminal.press("Down", "Enter")
    terminal.wait_for("Vanishing gradients", "Predict: ")
    terminal.press("c")
    terminal.wait_for("Now: ")
