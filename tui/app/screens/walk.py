"""The walk screen: a few images through a few training steps, and the inside of each step."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.css.query import DOMQuery
from textual.widget import Widget
from textual.widgets import Static

from tui.app.screens.touring import ANSWERS, TOUR_BINDINGS
from tui.app.screens.walk_levels import WalkLevels
from tui.app.state.messages import DrawingChosen
from tui.app.state.places import Places
from tui.app.widgets.charts import ROOMY
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.walk_images import WalkImages, walk_title
from tui.app.widgets.walk_nudge import COLUMNS, NudgeView
from tui.app.widgets.walk_stage import StageView
from tui.lessons.tour import Level

_ROOMY = 30  # lines from which on there is room for a border at all sides
_TALL = 24  # lines from which on a level names its arrow keys
_HINTS: dict[Level, str] = {
    "stages": "left, right: stages in their order   up, down: within one   enter: numbers",
    "numbers": "arrows: another number   page up, down: another image or unit   esc: out",
    "nudge": "arrows: another weight   tab: weights of another layer   esc: out",
}


class WalkScreen(WalkLevels):
    """The widgets of each level, the keys, and the words about them."""

    DEFAULT_CSS = """
    WalkScreen {
        WalkImages, StageView, NudgeView { display: none; }
        &.-images WalkImages, &.-nudge NudgeView { display: block; }
        &.-stages StageView, &.-numbers StageView { display: block; }
        #line { height: auto; max-height: 3; }
        #note { display: none; height: auto; color: $readable-accent; }
        #guide { display: none; height: auto; max-height: 7; background: $surface; padding: 0 1; }
        &.-short #guide { padding: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *TOUR_BINDINGS,
        Binding("enter", "enter", "Inside", key_display="enter", id="walk.enter"),
        Binding("escape", "leave_level", "Out", key_display="esc", id="walk.leave"),
        Binding("v", "part", "More", id="walk.part"),
        Binding("s", "step(1)", "Step", id="walk.step"),
        *ANSWERS,
        Binding("b", "step(-1)", "Back", id="walk.back"),
        Binding("m", "nudge", "Nudge", id="walk.nudge"),
        Binding("r", "restart", "Start again", id="walk.restart"),
        Binding("g", "add", "Image by its index", id="walk.add"),
        Binding("t", "network", "Network of Train, or the notes'", show=False, id="walk.network"),
        Binding("x", "remove", "Leave this image out", show=False, id="walk.remove"),
        Binding("c", "first", "The first images again", show=False, id="walk.first"),
        Binding("left,h", "move(-1, 0)", "Back, or left", show=False, id="walk.left"),
        Binding("down,j", "move(0, 1)", "Next image, or down", show=False, id="walk.down"),
        Binding("up,k", "move(0, -1)", "Image before, or up", show=False, id="walk.up"),
        Binding("right,l", "move(1, 0)", "Step, or right", show=False, id="walk.right"),
        Binding(
            "pageup,p", "page(-1)", "Other image or unit before", show=False, id="walk.page-up"
        ),
        Binding("pagedown,n", "page(1)", "Next image or unit", show=False, id="walk.page-down"),
        Binding("home", "end(-1)", "First", show=False, id="walk.home"),
        Binding("end", "end(1)", "Last", show=False, id="walk.end"),
        Binding("tab", "array(1)", "Next stage or weights", show=False, id="walk.next"),
        Binding(
            "shift+tab", "array(-1)", "Stage or weights before", show=False, id="walk.previous"
        ),
        Binding("d", "mode", "Drawing", show=False, id="walk.mode"),
    ]
    AUTO_FOCUS = ""

    def compose_body(self) -> ComposeResult:
        yield WalkImages(self.terminal, classes="panel -chosen")
        yield StageView(self.terminal, classes="panel -chosen")
        yield NudgeView(self.terminal, classes="panel -chosen")
        with Vertical(id="line"):
            yield Prompt()
            yield Static(id="note", markup=False)
        yield Static(id="guide", markup=False)

    def on_mount(self) -> None:
        self.show_level("images")

    def on_resize(self, _event: events.Resize) -> None:
        """The words and the borders depend on the size."""
        for panel in self._panels:
            panel.set_class(self.size.width < ROOMY or self.size.height < _ROOMY, "-open")
        self.call_after_refresh(self.show_level, self.level)

    def show_configuration(self) -> None:
        """Data have come, images were picked, or the network of Train is another."""
        self.begin()
        self.draw()

    def begun(self) -> None:
        """Say that it is computed, and leave a nudge: it need not have such a weight."""
        self._entitle_panels()
        if self.level == "nudge":
            self.show_level("images")

    # Drawing

    def draw(self) -> None:
        """Show the step on the present level."""
        self._entitle_panels()
        if (view := self.view) is None:
            return
        stages = view.taken.stages
        self.image = min(self.image, len(view.picks) - 1)
        self.stage = min(self.stage, len(stages) - 1)
        if self.placed is None or not view.wanted.same_walk(self.placed):
            columns = view.wanted.dataset.spec.columns
            self.cursors, self.placed = Places.telling(view.taken, columns), view.wanted
        self.show_guide()
        self.query_one(WalkImages).show(view, self.image, self.bench.drawing.pictures)
        hidden = self.bench.tour is not None and self.bench.tour.hides(stages[self.stage].name)
        stage_view = self.query_one(StageView)
        stage_view.shaded = self.bench.drawing.shaded
        stage_view.show(view, self.stage, self.cursors, hidden=hidden)
        # Of the weight in the view: the one under the cursor may still be computed.
        parameter = view.nudged.nudges[0].parameter if view.nudged is not None else ""
        gradient = self.gradient(parameter) if parameter else None
        self.query_one(NudgeView).show(view, gradient)

    @property
    def _panels(self) -> DOMQuery[Widget]:
        return self.query("WalkImages, StageView, NudgeView")

    def _entitle_panels(self) -> None:
        """Name what is shown, or say that another walk is being computed or waits for data."""
        if self.view is not None and (self.wanted is None or self.shows_wanted_walk):
            head = walk_title(self.view, self.size.width - 4)
        elif self.wanted is None and self.bench.dataset is None:
            head = self.waiting()
        else:
            head = "Preparing the walk ..."
        for panel in self._panels:
            self.entitle(panel, head)

    def show_level(self, level: Level) -> None:
        self.set_level(level)
        self.draw()

    def set_level(self, level: Level) -> None:
        self.level = level
        for name in ("images", "stages", "numbers", "nudge"):
            self.set_class(name == level, f"-{name}")
        tall = self.size.height >= _TALL and self.bench.tour is None
        self.show_note(_HINTS.get(level, "") if tall else "")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything on this level."""
        if (allowed := self.tour_allows(action)) is not None:
            return allowed
        if action == "leave_level":
            return self.level != "images"
        if action == "enter":
            return self.level in ("images", "stages")
        if action == "part":
            return self.level == "nudge" and self.size.width < COLUMNS
        return action not in ("restart", "add", "remove") or self.level == "images"

    def action_part(self) -> None:
        """Where there is room for one: the next part of what is known of a weight."""
        self.query_one(NudgeView).turn()

    def action_mode(self) -> None:
        """Draw pictures in the next mode, or numbers with characters or in shades."""
        if self.terminal.ascii_only:
            self.show_note("This terminal's encoding has ASCII characters only")
            return
        if self.level == "images":
            self.bench.drawing.turn_pictures(self.terminal)
        else:
            self.bench.drawing.turn_shades()
        self.app.post_message(DrawingChosen())
        self.draw()
