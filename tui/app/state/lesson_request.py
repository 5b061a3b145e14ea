"""What a lesson shows, computed on a thread of its own."""

from __future__ import annotations

import threading
from time import monotonic

from textual.message import Message

from tui.app.state.background import in_background
from tui.app.state.shown_run import Post
from tui.lessons.session import Session, View, views

PACE = 0.2
"""Seconds between two pictures that grow while they are computed."""
PATIENCE = 0.5
"""Seconds after which a request is late: the picture is not yet that of the knobs."""


class LessonComputed(Message):
    """What a lesson shows, as far as it is computed, or the error that came instead.

    The last message of a request is `complete`.
    """

    def __init__(
        self,
        request: Request,
        view: View | None,
        error: Exception | None = None,
        *,
        complete: bool = True,
    ) -> None:
        super().__init__()
        self.request, self.view, self.error, self.complete = request, view, error, complete


class Request:
    """A state of a lesson that is to be shown.

    Attributes:
        outdated: Set where the reader has moved on, so that the thread ends early.
    """

    def __init__(self, session: Session) -> None:
        self.session, self.settings = session, dict(session.settings)
        self.predicted, self.solved = session.predicted, session.solved
        self._made = monotonic()
        self.outdated = threading.Event()

    @property
    def late(self) -> bool:
        """Whether it has taken so long that the reader is to be told."""
        return monotonic() - self._made >= PATIENCE

    def fits(self, session: Session | None) -> bool:
        """Whether this is what the session shows now."""
        if session is not self.session:
            return False
        now = session.settings, session.predicted, session.solved
        return (self.settings, self.predicted, self.solved) == now

    def start(self, post: Post) -> None:
        """Compute on a thread, and post `LessonComputed`, several times where it takes long."""

        def work() -> LessonComputed:
            posted, view = self._made, None
            found = views(
                self.session.lesson, self.settings, predicted=self.predicted, solved=self.solved
            )
            for view in found:
                if self.outdated.is_set():
                    break
                if view.result is None and monotonic() - posted >= PACE:
                    posted = monotonic()
                    post(LessonComputed(self, view, complete=False))
            return LessonComputed(self, view)

        in_background("lesson", work, post, lambda error: LessonComputed(self, None, error))
