"""The runs that lessons train: to the end, once, side by side."""

from __future__ import annotations

import numpy as np
import pytest

from tui.app.widgets.figures import figure_strips
from tui.images.datasets import load_dataset
from tui.lessons.catalogue import find_lesson
from tui.lessons.lesson import experiment
from tui.lessons.race import RaceLesson, chart_of, short
from tui.lessons.training import Trial, race, shuffled_labels, trial
from tui.system.terminal import FULL

pytestmark = pytest.mark.usefixtures("small_training")


def trial_of(**changes: object) -> Trial:
    return Trial(experiment(None, hidden=(8,), epochs=3, **changes).config)


def test_a_run_is_trained_from_evaluation_to_evaluation() -> None:
    run = trial_of()
    for epoch in (1, 2, 3):
        assert run.advance()
        assert run.epochs == len(run.evaluations) == epoch
    assert not run.advance()
    assert not run.advance()
    assert run.finished is not None
    assert run.test == 100 * run.evaluations[-1].test.accuracy


def test_it_trains_as_train_does_with_one_thread() -> None:
    run = trial(short("lincoln-tanh").config).finish()
    assert run.config.threads == 0  # what Train opens has the machine's own choice
    assert run.finished is not None
    assert run.finished.reason == "completed"
    assert len(run.curve("train")[0]) == 10
    assert run is trial(short("lincoln-tanh").config)


def test_the_one_behind_goes_first() -> None:
    slow, fast = trial_of(), trial_of(eval_epochs=3)
    order = [(slow.epochs, fast.epochs) for _ in race([slow, fast])]
    assert order[:2] == [(1, 0), (1, 3)]
    assert slow.finished
    assert fast.finished


def test_losses_and_predictions_where_they_are_asked_for() -> None:
    config = experiment(None, hidden=(8,), epochs=2, batch_size=100).config
    run = Trial(config, every_step=True, predict=True).finish()
    assert len(run.losses) == 6
    assert [len(each) for each in run.predictions] == [200, 200]
    right = float((run.predictions[-1] == load_dataset().test.labels).mean())
    assert right == pytest.approx(run.test / 100)
    assert not trial_of().finish().losses


def test_early_stopping_ends_with_the_weights_it_keeps() -> None:
    config = experiment(None, epochs=9, learning_rate=1.0, validation=0.5, patience=1).config
    run = Trial(config).finish()
    assert run.finished is not None
    assert run.last is not None
    assert run.finished.reason == "early-stopped"
    assert run.last.step == run.finished.kept_step < run.finished.step


def test_a_rate_far_too_high_diverges_and_still_has_a_picture() -> None:
    run = trial_of(optimizer="sgd", schedule="constant", learning_rate=1e20).finish()
    assert run.diverged
    assert run.test == 0
    assert chart_of([run]).x_label == "accuracy, %, by epoch"


def test_shuffled_labels_are_those_of_the_same_images() -> None:
    shuffled, true = shuffled_labels(100).train.labels, load_dataset().train.labels[:100]
    assert (shuffled != true).any()
    np.testing.assert_array_equal(np.sort(shuffled), np.sort(true))


@pytest.mark.parametrize("name", ["batches", "training", "momentum"])
def test_a_frame_stays_as_it_is_while_the_next_ones_are_made(name: str) -> None:
    """The screen draws it on another thread; curves once shared the list of losses."""
    lesson = find_lesson(name)
    show = {"batches": "steps", "training": "loss", "momentum": "accuracy"}[name]
    frames = lesson.frames({**lesson.start(), "show": show})
    first = next(frames)
    before = [len(strip.text.strip()) for strip in figure_strips(first, 60, 20, FULL)]
    for _ in frames:
        pass
    assert [len(strip.text.strip()) for strip in figure_strips(first, 60, 20, FULL)] == before


def test_a_chart_has_the_whole_table_below_it_or_nothing_of_it() -> None:
    lesson = find_lesson("momentum")
    figures = list(lesson.frames(lesson.start()))[-1]
    seen = set()
    for height in range(4, 16):
        texts = [strip.text for strip in figure_strips(figures, 40, height, FULL)]
        assert len(texts) <= height
        table = [text[0] for text in texts if text.startswith(("% ", "A tanh ", "B momentum "))]
        seen.add("".join(table))
    assert seen == {"", "%AB"}


@pytest.mark.parametrize("name", ["crossentropy", "momentum", "initialization", "overfitting"])
def test_the_table_of_a_race_fits_a_narrow_terminal(name: str) -> None:
    lesson = find_lesson(name)
    assert isinstance(lesson, RaceLesson)
    for knob in lesson.knobs[:2]:
        for setting in knob.settings:
            state = {**lesson.start(), knob.name: setting}
            trials = [lesson.trial_of(state, each) for each in lesson.entrants(state).values()]
            for run in trials:
                run.advance()
            assert max(map(len, lesson.table(state, trials).lines)) <= 40
