"""The lessons screen: the list of the course, and the lesson that is open."""

from __future__ import annotations

import textwrap
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Static

from nn.config import TrainConfig
from tui.app.screens.base import ModeScreen
from tui.app.state.background import in_background
from tui.app.state.workbench import Workbench
from tui.app.widgets.figures import FigureView
from tui.app.widgets.hints import KeyHints
from tui.app.widgets.legend import shorten
from tui.lessons.catalogue import lessons
from tui.lessons.figures import Figure, Lines
from tui.lessons.lesson import Setting, flags
from tui.lessons.progress import Progress
from tui.lessons.session import LETTERS, Session, View, compute
from tui.recording.experiment import Experiment
from tui.system.terminal import Terminal

PATIENCE = 0.5
"""Seconds after which it is written beside the knobs that the picture is not yet theirs."""
IN_LIST = ("open",)
IN_LESSON = ("turn", "predict", "hint", "start", "skip", "next", "contents", "train", "side")


class Computed(Message):
    """What a lesson shows for the settings it was asked for, or the error that came instead."""

    def __init__(self, session: Session, view: View | None, error: Exception | None = None) -> None:
        super().__init__()
        self.session, self.view, self.error = session, view, error


class LessonsScreen(ModeScreen):
    """A list of lessons, or one lesson: its text, its picture, and what is asked and measured."""

    DEFAULT_CSS = """
    LessonsScreen {
        #contents, #lesson { height: 1fr; }
        #title { height: 1; text-style: bold; }
        #desk { height: 1fr; }
        #scroll { width: 38; height: 1fr; scrollbar-size-vertical: 1; }
        #text { height: auto; padding-right: 1; }
        #side { width: 1fr; height: 1fr; }
        #knobs { height: auto; text-style: bold; }
        #asked { height: auto; max-height: 8; background: $surface; padding: 0 1; }
        &.-wide #scroll, &.-huge #scroll { width: 52; }
        &.-narrow #scroll, &.-narrow #side { width: 1fr; }
        &.-narrow #side { display: none; }
        &.-narrow.-picture #side { display: block; }
        &.-narrow.-picture #scroll { display: none; }
        &.-short #asked { max-height: 6; padding: 0; }
        &.-ascii #scroll { scrollbar-size-vertical: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="lessons.open"),
        Binding("v", "side", "Picture", id="lessons.side"),
        *(
            Binding(
                letter, f"predict({i})", f"Predict {letter}", show=False, id=f"lessons.{letter}"
            )
            for i, letter in enumerate(LETTERS)
        ),
        Binding("left,h", "turn(-1)", "Move", id="lessons.left"),
        Binding("right,l", "turn(1)", "Move on", show=False, id="lessons.right"),
        Binding("up,k", "step(-1)", "Choose", id="lessons.up"),
        Binding("down,j", "step(1)", "Choose the next", show=False, id="lessons.down"),
        Binding("i", "hint", "Hint", id="lessons.hint"),
        Binding("n", "next", "Next", id="lessons.next"),
        Binding("s", "skip", "Skip", id="lessons.skip"),
        Binding("t", "train", "In Train", id="lessons.train"),
        Binding("escape", "contents", "List", id="lessons.list"),
        Binding("r", "start", "Knobs back", show=False, id="lessons.start"),
        Binding("pageup", "scroll(-1)", "Text up", show=False, id="lessons.page-up"),
        Binding("pagedown", "scroll(1)", "Text down", show=False, id="lessons.page-down"),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.progress = Progress.of_user()
        self.session: Session | None = None
        self.view: View | None = None
        self._error: Exception | None = None
        self._computing: tuple[dict[str, Setting], bool] | None = None
        self._since = 0.0
        names = [lesson.name for lesson in lessons()]
        self.cursor = names.index(self.progress.last) if self.progress.last in names else 0
        self.set_class(terminal.ascii_only, "-ascii")

    def compose(self) -> ComposeResult:
        yield Static(id="title", markup=False)
        yield Static(id="contents", markup=False)
        with Vertical(id="lesson"):
            with Horizontal(id="desk"):
                with VerticalScroll(id="scroll", can_focus=False):
                    yield Static(id="text", markup=False)
                with Vertical(id="side"):
                    yield Static(id="knobs", markup=False)
                    yield FigureView(self.terminal)
            yield Static(id="asked", markup=False)
        yield KeyHints()

    def catch_up(self) -> None:
        super().catch_up()
        self._show()

    def on_resize(self, _event: events.Resize) -> None:
        """The list and the key of the picture depend on the size."""
        self.call_after_refresh(self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key has an effect: some belong to the list, some to a lesson."""
        session = self.session
        if action in IN_LIST:
            return session is None
        if action == "predict":
            return session is not None and not session.predicted
        if action in ("turn", "hint", "start"):
            return session is not None and session.predicted
        if action == "side":
            return session is not None and self.has_class("-narrow")
        return session is not None or action not in IN_LESSON

    # The list

    def action_step(self, step: int) -> None:
        """Another line of the list, or another knob of the lesson."""
        if self.session is None:
            self.cursor = min(max(self.cursor + step, 0), len(lessons()) - 1)
        else:
            self.session.choose(step)
        self._show()

    def action_open(self) -> None:
        """Open the lesson under the cursor where it was left."""
        lesson = lessons()[self.cursor]
        self.session, self.view, self._error = (
            Session(lesson, self.progress.of(lesson.name)),
            None,
            None,
        )
        self.progress.last = lesson.name
        self.progress.save()
        self.remove_class("-picture")
        self.query_one("#scroll").scroll_home(animate=False)
        self._request()
        self._show()

    def action_contents(self) -> None:
        """Go back to the list."""
        self.session = None
        self._show()

    def action_next(self) -> None:
        """Open the next lesson; after the last one, the list."""
        if self.cursor + 1 < len(lessons()):
            self.cursor += 1
            self.action_open()
        else:
            self.action_contents()

    # The lesson

    def action_predict(self, choice: int) -> None:
        """Record the prediction, after which the knobs move."""
        if self.session is not None and self.session.predict(choice):
            self._changed()

    def action_turn(self, step: int) -> None:
        """Move the knob."""
        if self.session is not None and self.session.turn(step):
            self._changed()

    def action_start(self) -> None:
        """Put the knobs back to where they were at first."""
        if self.session is not None:
            self.session.back_to_start()
            self._changed()

    def action_hint(self) -> None:
        """Show a hint, another one, and then the solution."""
        if self.session is not None and self.session.help():
            self._changed()
            self.query_one("#scroll").scroll_home(animate=False)
            self.remove_class("-picture")

    def action_skip(self) -> None:
        """Leave this lesson for later, and open the next one."""
        if self.session is not None:
            self.session.record.skipped = not self.session.record.passed
            self.progress.save()
            self.action_next()

    def action_side(self) -> None:
        """Where there is room for one only: the picture in place of the text, or the text again."""
        self.toggle_class("-picture")

    def action_scroll(self, step: int) -> None:
        """Another page of the text."""
        scroll = self.query_one("#scroll")
        (scroll.scroll_page_down if step > 0 else scroll.scroll_page_up)(animate=False)

    def action_train(self) -> None:
        """Put the fields of this lesson into the form of Train, and go there."""
        if self.session is None:
            return
        lesson = self.session.lesson
        if self.bench.opened is not None:
            self.bench.close()
        if lesson.fields:
            self.bench.configure(Experiment(TrainConfig(**dict(lesson.fields))))
        self.app.switch_mode("train")

    def _changed(self) -> None:
        """Remember what the reader did, and compute anew."""
        self.progress.save()
        self._request()
        self._show()

    def _request(self) -> None:
        """Compute the present settings on a thread, one at a time; those in between are skipped."""
        session = self.session
        if session is None or self._computing is not None:
            return
        settings, predicted = dict(session.settings), session.predicted
        self._computing, self._since = (settings, predicted), monotonic()
        self.set_timer(PATIENCE, self._show)

        def work() -> Computed:
            return Computed(session, compute(session.lesson, settings, predicted=predicted))

        in_background(
            "lesson", work, self.post_message, lambda error: Computed(session, None, error)
        )

    def on_computed(self, message: Computed) -> None:
        """Show what was computed, and go on where the knobs have moved since."""
        computed, self._computing = self._computing, None
        session = self.session
        if session is None:
            return
        if message.session is session:
            self.view, self._error = message.view, message.error
            if self.view is not None and session.judge(self.view):
                self.progress.save()
        if message.session is not session or computed != (session.settings, session.predicted):
            self._request()
        self._show()

    # Drawing

    def _show(self) -> None:
        if not self.is_mounted:
            return
        session = self.session
        self.query_one("#contents").display = session is None
        self.query_one("#lesson").display = session is not None
        self.refresh_bindings()
        found = lessons()
        passed = sum(self.progress.of(lesson.name).passed for lesson in found)
        done = f"{passed} of {len(found)} passed"
        if session is None:
            self.put("#title", f"Lessons   {done}")
            self.put("#contents", self._contents())
            return
        lesson = session.lesson
        state = f"   {session.record.status}" if session.record.status else ""
        self.put("#title", f"{lesson.number}  {lesson.title}{state}   ({done})")
        self.put("#text", self._text(session))
        late = self._computing is not None and monotonic() - self._since >= PATIENCE
        self.put("#knobs", f"{session.knob_line()}{'  computing ...' if late else ''}")
        self.query_one(FigureView).show(self._figures(session))
        self.put("#asked", self._asked(session))

    def _figures(self, session: Session) -> tuple[Figure, ...]:
        if session.lesson.revealing and not session.predicted:
            return (Lines(("", "The picture follows", "the prediction.")),)
        return () if self.view is None else self.view.figures

    def _contents(self) -> str:
        found, width = lessons(), self.size.width
        name = max(len(lesson.title) for lesson in found)
        lines = []
        for i, lesson in enumerate(found):
            mark = ">" if i == self.cursor else " "
            status = self.progress.of(lesson.name).status
            lines.append(
                f"{mark}{lesson.number:>2}  {shorten(lesson.title, name):<{name}}  {status}"
            )
        # The lines around the cursor where not all fit.
        room = max(1, self.size.height - 6)
        first = min(max(0, self.cursor - room // 2), max(0, len(lines) - room))
        below = textwrap.wrap(found[self.cursor].idea, max(10, width - 2))
        trouble = [self.progress.trouble] if self.progress.trouble else []
        return "\n".join([*lines[first : first + room], "", *below, *trouble])

    def _text(self, session: Session) -> str:
        view, lesson = self.view, session.lesson
        if view is None:
            return str(self._error or "Computing ...")
        parts = [*session.helped(), view.text]
        if session.predicted:
            parts += [view.answer.reason] if self._brief else []
            parts.append(view.explanation)
            command = f"\n  {flags(lesson)}" if lesson.fields else ""
            parts += [f"In Train: {lesson.train}{command}", f"In Python:\n{lesson.code}"]
        return "\n\n".join(filter(None, parts))

    @property
    def _brief(self) -> bool:
        """Whether there is so little room that reasons stand in the text only."""
        return self.has_class("-narrow") or self.has_class("-short")

    def _asked(self, session: Session) -> str:
        if not session.predicted:
            return "\n".join(session.asked())
        return "" if self.view is None else "\n".join(session.told(self.view, brief=self._brief))
