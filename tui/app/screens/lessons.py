"""The lessons screen: the list of the course, and the lesson that is open."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Static

from tui.app.screens.base import ModeScreen
from tui.app.screens.touring import answer_bindings
from tui.app.state.background import Throttle
from tui.app.state.lesson_request import PATIENCE, LessonComputed, Request
from tui.app.state.workbench import Workbench
from tui.app.widgets.charts import ROOMY
from tui.app.widgets.figures import FigureView
from tui.app.widgets.text import set_title
from tui.lessons.catalogue import lessons
from tui.lessons.contents import contents, summary
from tui.lessons.progress import Progress
from tui.lessons.session import Session, View
from tui.lessons.tour import Touring
from tui.system.terminal import Terminal

SAVE_INTERVAL = 2.0
"""Least time in seconds between two writes of where the knobs stand, while they are moved."""
_TALL = 24
"""Lines from which on there is room for a border around what is asked."""
IN_LIST = ("open",)
IN_LESSON = (
    *("turn", "predict", "hint", "start", "skip", "next", "contents", "train", "side", "scroll"),
)


class LessonsScreen(ModeScreen):
    """A list of lessons, or one lesson: its text, its picture, and what is asked and measured."""

    DEFAULT_CSS = """
    LessonsScreen {
        #contents, #lesson { height: 1fr; }
        #desk { height: 1fr; }
        #scroll { width: 39; height: 1fr; scrollbar-size-vertical: 1; }
        #text { height: auto; padding-right: 1; }
        #side { width: 1fr; height: 1fr; }
        #knobs { height: auto; text-style: bold; }
        #asked { height: auto; max-height: 8; background: $surface; padding: 0 1; }
        &.-wide #scroll, &.-huge #scroll { width: 56; }
        &.-wide #asked, &.-huge #asked { background: $background; max-height: 10; }
        &.-narrow #scroll, &.-narrow #side { width: 1fr; }
        &.-narrow #side { display: none; }
        &.-narrow.-picture #side { display: block; }
        &.-narrow.-picture #scroll { display: none; }
        &.-short #asked { max-height: 6; padding: 0; }
        &.-ascii #scroll { scrollbar-size-vertical: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", key_display="enter", id="lessons.open"),
        Binding("v", "side", "Picture", id="lessons.side"),
        *answer_bindings("lessons"),
        Binding("left,h", "turn(-1)", "Move", id="lessons.left"),
        Binding("right,l", "turn(1)", "Move on", show=False, id="lessons.right"),
        Binding("up,k", "step(-1)", "Choose", id="lessons.up"),
        Binding("down,j", "step(1)", "Choose the next", show=False, id="lessons.down"),
        Binding("plus", "hint", "Hint", key_display="+", id="lessons.hint"),
        Binding("pagedown", "scroll(1)", "Text", id="lessons.page-down"),
        Binding("n", "next", "Next", id="lessons.next"),
        Binding("w", "walk", "Walk", id="lessons.walk"),
        Binding("t", "train", "Train", id="lessons.train"),
        Binding("escape", "contents", "List", id="lessons.list"),
        Binding("x", "skip", "Skip", id="lessons.skip"),
        Binding("r", "start", "Knobs back", show=False, id="lessons.start"),
        Binding("pageup", "scroll(-1)", "Text up", show=False, id="lessons.page-up"),
    ]

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.progress = Progress.of_user()
        self._saving = Throttle(self.progress.save, self.set_timer, SAVE_INTERVAL)
        self.session: Session | None = None
        self.view: View | None = None
        self._error: Exception | None = None
        self._computing: Request | None = None
        names = [lesson.name for lesson in lessons()]
        self.cursor = names.index(self.progress.last) if self.progress.last in names else 0
        self.set_class(terminal.ascii_only, "-ascii")

    def compose_body(self) -> ComposeResult:
        yield Static(id="contents", classes="panel -chosen", markup=False)
        with Vertical(id="lesson"):
            with Horizontal(id="desk"):
                with VerticalScroll(id="scroll", classes="panel -chosen", can_focus=False):
                    yield Static(id="text", markup=False)
                with Vertical(id="side", classes="panel"):
                    yield Static(id="knobs", markup=False)
                    yield FigureView(self.terminal)
            yield Static(id="asked", markup=False)

    def catch_up(self) -> None:
        super().catch_up()
        self._take_over()
        self._show()

    def on_screen_suspend(self) -> None:
        """Remember what the reader did until another screen is shown."""
        self._save_now()

    def on_unmount(self) -> None:
        """Remember what the reader did until the application is left, here or in a walk."""
        self._save_now()

    def on_resize(self, _event: events.Resize) -> None:
        """The list, the borders and the key of the picture depend on the size."""
        for panel in self.query("#contents, #scroll, #side"):
            panel.set_class(self.size.width < ROOMY, "-open")
        asked = self.query_one("#asked")
        asked.set_class(self.size.width >= ROOMY and self.size.height >= _TALL, "panel")
        set_title(asked, "Your turn")
        self.call_after_refresh(self._show)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key has an effect: some belong to the list, some to a lesson."""
        session = self.session
        if action in IN_LIST:
            return session is None
        if action == "predict":
            return session is not None and not session.predicted
        if action == "step":
            return session is None or session.predicted
        if action in ("turn", "hint", "start"):
            return session is not None and session.predicted
        if action == "walk":
            return session is not None and session.predicted and session.lesson.tour() is not None
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
        self._save_now()
        self.session = None
        self._request()
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
            self.action_next()

    def action_side(self) -> None:
        """Where there is room for one only: the picture in place of the text, or the text again."""
        self.toggle_class("-picture")

    def action_scroll(self, step: int) -> None:
        """Another page of the text."""
        scroll = self.query_one("#scroll")
        (scroll.scroll_page_down if step > 0 else scroll.scroll_page_up)(animate=False)

    def action_walk(self) -> None:
        """Let the lesson lead through the walk, from where it was left."""
        if self.session is not None and (tour := self.session.lesson.tour()) is not None:
            present = self.bench.tour
            if present is None or present.record is not self.session.record:
                self.bench.tour = Touring(tour, self.session.record)
            self.app.switch_mode("walk")

    def _take_over(self) -> None:
        """Put the knobs where a walk that this lesson leads is, and remember how far it came."""
        tour, session = self.bench.tour, self.session
        if tour is None or session is None or tour.record is not session.record:
            return
        if tour.place is not None:
            session.settings |= tour.tour.settings(tour.place)
            session.record.settings = dict(session.settings)
            self._changed()
        self.bench.tour = None

    def action_train(self) -> None:
        """Put the run of this lesson into the form of Train, and go there."""
        if self.session is None:
            return
        experiments = self.session.lesson.experiments(self.session.settings)
        if self.bench.opened is not None:
            self.bench.close()
        if experiments and not self.bench.offer(experiments[0]):
            key = self.key_of("train.reset", "r")
            self.notify(f"A run is under way. Key {key} puts that of the lesson in its place.")
        self.app.switch_mode("train")

    def _changed(self) -> None:
        """Remember what the reader did, now or soon, and compute anew."""
        self._saving.request()
        self._request()
        self._show()

    def _save_now(self) -> None:
        if self.session is not None:
            self._saving.request(0)

    def _request(self) -> None:
        """Compute the present settings on a thread, one at a time; those in between are skipped."""
        request = self._computing
        if request is not None:
            if not request.fits(self.session):
                request.outdated.set()
        elif self.session is not None:
            self._computing = Request(self.session)
            self._computing.start(self.post_message)
            self.set_timer(PATIENCE, self._show)

    def on_lesson_computed(self, message: LessonComputed) -> None:
        """Show what was computed, and go on where the knobs have moved since."""
        request, session = message.request, self.session
        if message.complete:
            self._computing = None
        if session is request.session:
            self.view, self._error = message.view, message.error
            if self.view is not None and session.judge(self.view):
                self.progress.save()
        if message.complete and (request.outdated.is_set() or not request.fits(session)):
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
        done = summary(lessons(), self.progress)
        if session is None:
            self.entitle(self.query_one("#contents"), f"Lessons   {done}")
            width, height = self.size
            listed = contents(lessons(), self.progress, self.cursor, width - 4, height - 1)
            self.put("#contents", listed)
            return
        view = self.view
        computing = self._computing
        late = computing is not None and computing.late
        note = "computing ..." if late else done
        self.entitle(self.query_one("#scroll"), session.heading)
        self.entitle(self.query_one("#side"), note)
        # Where there is little room, reasons stand in the text only.
        brief = self.has_class("-narrow") or self.has_class("-short")
        waiting = str(self._error or "Computing ...")
        opens = (
            f"Key {self.key_of('lessons.train', 't')} opens it there:"
            f" {self.key_of('train.run', 'space')} runs it,"
            f" {self.key_of('train.form', 'f')} changes a field."
        )
        self.put("#text", waiting if view is None else session.reading(view, opens, brief=brief))
        width = self.query_one("#side").size.width or self.size.width  # 0 while the text is shown
        self.put("#knobs", session.knob_lines(width))
        self.query_one(FigureView).show(() if view is None else view.figures)
        self.put("#asked", session.below(view, self.size.width - 4, brief=brief))
