"""A lesson computed on a thread: a picture that grows, and a reader who moves on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence

import pytest
from textual.message import Message

from tui.app.state import lesson_request
from tui.app.state.lesson_request import LessonComputed, Request
from tui.lessons.course.softmax import Softmax
from tui.lessons.figures import Figure, Lines
from tui.lessons.lesson import State
from tui.lessons.progress import Record
from tui.lessons.session import Session

WAIT = 60


class Growing(Softmax):
    """A lesson whose picture has three frames, each of which waits until it may be made."""

    def __init__(self, *, broken: bool = False) -> None:
        self.broken = broken
        self.may_go_on = threading.Semaphore(0)
        self.made = 0

    def frames(self, state: State) -> Iterator[Sequence[Figure]]:
        for i in range(3):
            assert self.may_go_on.acquire(timeout=WAIT)
            if self.broken:
                raise ValueError("no picture")
            self.made += 1
            yield [Lines((f"frame {i}",))]


class Posts:
    """What was posted, in its order."""

    def __init__(self) -> None:
        self._messages: queue.Queue[LessonComputed] = queue.Queue()

    def __call__(self, message: Message) -> bool:
        assert isinstance(message, LessonComputed)
        self._messages.put(message)
        return True

    def next(self) -> LessonComputed:
        return self._messages.get(timeout=WAIT)


@pytest.fixture(autouse=True)
def _no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_request, "PACE", 0.0)


def started(lesson: Growing) -> tuple[Request, Posts]:
    session, posts = Session(lesson, Record(prediction=0)), Posts()
    request = Request(session)
    request.start(posts)
    return request, posts


def test_each_frame_is_shown_and_the_result_comes_last() -> None:
    lesson = Growing()
    _, posts = started(lesson)
    for i in range(3):
        lesson.may_go_on.release()
        message = posts.next()
        assert not message.complete
        assert message.view is not None
        assert message.view.figures == (Lines((f"frame {i}",)),)
        assert message.view.result is None
    last = posts.next()
    assert last.complete
    assert last.view is not None
    assert last.view.result is not None
    assert last.view.figures == (Lines(("frame 2",)),)


def test_nothing_more_is_computed_where_the_reader_has_moved_on() -> None:
    lesson = Growing()
    request, posts = started(lesson)
    lesson.may_go_on.release()
    posts.next()
    assert request.fits(request.session)
    request.session.turn(1)
    assert not request.fits(request.session)
    request.outdated.set()
    lesson.may_go_on.release()
    last = posts.next()
    assert last.complete
    assert last.view is None or last.view.result is None
    assert lesson.made == 2


def test_an_error_is_handed_over() -> None:
    lesson = Growing(broken=True)
    _, posts = started(lesson)
    lesson.may_go_on.release()
    message = posts.next()
    assert message.complete
    assert isinstance(message.error, ValueError)


def test_before_the_prediction_only_what_gives_nothing_away_is_computed() -> None:
    lesson = Growing()
    lesson.revealing = True  # type: ignore[misc]
    posts = Posts()
    Request(Session(lesson, Record())).start(posts)
    message = posts.next()
    while not message.complete:
        message = posts.next()
    assert lesson.made == 0
    assert message.view is not None
    assert message.view.result is None
