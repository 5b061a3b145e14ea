"""A guided walk: what is asked before it is shown, what is judged, and what is remembered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nn.analysis.walk import Walk
from nn.data.dataset import Dataset
from tui.lessons.catalogue import lessons
from tui.lessons.course.backpropagation import CONFIG, Backpropagation
from tui.lessons.progress import Record
from tui.lessons.stops import STOPS
from tui.lessons.tour import Ask, Do, Level, Place, Touring


def place_of(walk: Walk, stage: str, level: Level = "stages", **changes: object) -> Place:
    index = {"x": (0, 300), "y": (0, 5), "dy": (0, 5), "da1": (0, 5)}.get(stage, (5, 5))
    place = Place(walk.step, walk.here, level, stage, index)
    return replace(place, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def walk(mnist: Dataset) -> Walk:
    return Walk.of(CONFIG, mnist.train)


@pytest.fixture
def touring() -> Touring:
    tour = Backpropagation().tour()
    assert tour is not None
    return Touring(tour, Record())


def test_every_stop_of_every_tour_is_a_place_of_the_walk(walk: Walk) -> None:
    names = [stage.name for stage in walk.here.stages]
    tours = [tour for lesson in lessons() if (tour := lesson.tour()) is not None]
    assert tours
    for tour in tours:
        for stop in tour.stops:
            assert stop.stage in names
            place = place_of(walk, stop.stage)
            if isinstance(stop, Ask):
                question = stop.question(place)
                assert len(set(question.choices)) == len(question.choices) in (2, 3)
                assert question.right in range(len(question.choices))
                texts = [question.text, question.reason, *question.choices]
            else:
                texts = [stop.text, stop.judge(place_of(walk, stop.stage, stop.level)).measured]
            assert all(text.isascii() and text.strip() for text in texts)
            assert sum(map(len, texts)) < 300, "it has to fit below the walk"
        assert tour.end.isascii()


def test_the_numbers_of_a_stage_are_hidden_until_the_prediction(
    walk: Walk, touring: Touring
) -> None:
    touring.record.stop = 2
    stop = touring.stop
    assert isinstance(stop, Ask)
    assert stop.stage == "dy"
    touring.look(place_of(walk, "dy"))
    assert touring.asking
    assert touring.hides("dy")
    assert not touring.hides("y")
    dy = (walk.here.probabilities[0, 5] - 1) / 5
    assert f"c  {dy:.4f}" in touring.lines(80, "w")[1]
    assert f"y is {walk.here.probabilities[0, 5]:.4f}" in touring.lines(80, "w")[0]
    assert not touring.go_on(), "the prediction comes first"
    assert not touring.predict(3)
    assert touring.predict(1)
    assert not touring.predict(2), "it cannot be changed"
    assert "You predicted b: it is c." in touring.lines(80, "w")[0]
    assert not touring.hides("dy")
    assert touring.go_on()
    assert touring.record.stop == 3
    assert not touring.arrived


def test_right_answers_are_computed(walk: Walk) -> None:
    answers = {
        stop.stage: stop.question(place_of(walk, stop.stage))
        for stop in STOPS
        if isinstance(stop, Ask)
    }
    right = {stage: question.choices[question.right] for stage, question in answers.items()}
    grows = walk.here.values["dW2"][5, 5] < 0
    assert right == {
        "y": "about 10%",
        "dy": f"{(walk.here.probabilities[0, 5] - 1) / 5:.4f}",
        "dW2": "the 5 images",
        "da1": "a quarter at most",
        "new W2": "it grows" if grows else "it shrinks",
    }


def test_what_is_to_be_done_is_judged_by_where_the_walk_is(walk: Walk, touring: Touring) -> None:
    tasks = [stop for stop in STOPS if isinstance(stop, Do)]
    inside, largest, nudged, recognized = tasks
    assert not inside.judge(place_of(walk, "x")).passed
    assert not inside.judge(place_of(walk, "y", "images")).passed
    assert inside.judge(place_of(walk, "y")).passed
    gradient = np.abs(walk.here.values["dW2"])
    best = tuple(map(int, np.unravel_index(gradient.argmax(), gradient.shape)))
    assert not largest.judge(place_of(walk, "dW2", index=(0, 0))).passed
    assert largest.judge(place_of(walk, "dW2", index=best)).passed
    assert largest.judge(place_of(walk, "a1")).measured == "you are at a1; tab goes back to dW2."
    assert not nudged.judge(place_of(walk, "dW2")).passed
    assert nudged.judge(place_of(walk, "dW2", nudge=walk.nudge("W2", best))).passed
    assert nudged.judge(place_of(walk, "dW1", nudge=walk.nudge("b1", (2,)))).passed
    wrong = replace(walk.nudge("W2", best), analytical=0.0)
    assert not nudged.judge(place_of(walk, "dW2", nudge=wrong)).passed
    steps = 0
    while not recognized.judge(place_of(walk, "x", "images")).passed:
        steps += 1
        walk.go(steps)
    (labels,) = (walk.here.values["t"].argmax(axis=1),)
    assert list(walk.here.probabilities.argmax(axis=1)) == list(labels)
    assert steps > 1
    touring.record.stop = len(STOPS) - 1
    touring.look(place_of(walk, "x", "images"))
    assert touring.lines(80, "w")[1].startswith("Done: 5 of 5")
    walk.go(0)
    touring.look(place_of(walk, "x", "images"))
    assert touring.lines(80, "w")[1].startswith("Done: 5 of 5"), "what was done stays done"


def test_a_tour_goes_on_where_it_was_left_and_ends(walk: Walk, touring: Touring) -> None:
    for _ in STOPS:
        stop = touring.stop
        assert stop is not None
        touring.look(place_of(walk, stop.stage))
        touring.predict(0)
        assert touring.go_on()
    assert touring.stop is None
    assert not touring.go_on()
    assert touring.lines(80, "w") == [f"{touring.tour.end} w: back to the lesson."]
    record = Record.read({"stop": 4, "prediction": 1})
    assert Touring(touring.tour, record).stop is STOPS[4]
    assert Touring(touring.tour, Record.read({"stop": 99})).stop is None
    assert [Record.read({"stop": stop}).stop for stop in (-1, "x", None)] == [0, 0, 0]


def test_the_knobs_of_the_lesson_follow_the_walk(walk: Walk, touring: Touring) -> None:
    lesson = Backpropagation()
    knobs = {knob.name: knob.settings for knob in lesson.knobs}
    for step, stage in ((0, "x"), (3, "dW1"), (99, "new b2")):
        settings = touring.tour.settings(place_of(walk, stage, step=step))
        assert all(value in knobs[name] for name, value in settings.items())
    assert touring.tour.settings(place_of(walk, "dz1", step=2)) == {"steps": 2, "part": "dz1"}
