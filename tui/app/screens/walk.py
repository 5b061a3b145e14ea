"""The walk screen: a few images through a few training steps, and the inside of each step."""

from __future__ import annotations

from typing import ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from nn.analysis.stage import Stage
from tui.app.screens.walking import WalkingScreen
from tui.app.state.places import Places
from tui.app.state.walking import Wanted, Weight
from tui.app.state.workbench import Workbench
from tui.app.widgets.hints import KeyHints
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.walk_images import WalkImages, walk_title
from tui.app.widgets.walk_nudge import COLUMNS, NudgeView
from tui.app.widgets.walk_stage import StageView
from tui.system.terminal import Terminal

Level = Literal["images", "stages", "numbers", "nudge"]
_TALL = 24  # lines from which on a level names its arrow keys
_HINTS: dict[Level, str] = {
    "stages": "left, right: stages in their order   up, down: within one   enter: numbers",
    "numbers": "arrows: another number   page up, down: another image or unit   esc: out",
    "nudge": "arrows: another weight   tab: weights of another layer   esc: out",
}


class WalkScreen(WalkingScreen):
    """Three levels: the images of a step, its stages one by one, and the numbers of a stage.

    Enter goes in and escape out. The arrow keys move among steps, among stages, or among numbers.
    """

    DEFAULT_CSS = """
    WalkScreen {
        #head { height: 1; text-style: bold; }
        WalkImages, StageView, NudgeView { display: none; }
        &.-images WalkImages, &.-nudge NudgeView { display: block; }
        &.-stages StageView, &.-numbers StageView { display: block; }
        #line { height: auto; max-height: 3; }
        #note { display: none; height: auto; color: $text-accent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "enter", "Inside", key_display="enter", id="walk.enter"),
        Binding("escape", "leave_level", "Out", key_display="esc", id="walk.leave"),
        Binding("v", "part", "More", id="walk.part"),
        Binding("s", "step(1)", "Step", id="walk.step"),
        Binding("b", "step(-1)", "Back", id="walk.back"),
        Binding("n", "nudge", "Nudge", id="walk.nudge"),
        Binding("r", "restart", "Start again", id="walk.restart"),
        Binding("i", "add", "Image by its index", id="walk.add"),
        Binding("c", "network", "Network of Train, or the notes'", show=False, id="walk.network"),
        Binding("x", "remove", "Leave this image out", show=False, id="walk.remove"),
        Binding("f", "first", "The first images again", show=False, id="walk.first"),
        Binding("left,h", "move(-1, 0)", "Back, or left", show=False, id="walk.left"),
        Binding("down,j", "move(0, 1)", "Next image, or down", show=False, id="walk.down"),
        Binding("up,k", "move(0, -1)", "Image before, or up", show=False, id="walk.up"),
        Binding("right,l", "move(1, 0)", "Step, or right", show=False, id="walk.right"),
        Binding("pageup", "page(-1)", "Other image or unit before", show=False, id="walk.page-up"),
        Binding("pagedown", "page(1)", "Next image or unit", show=False, id="walk.page-down"),
        Binding("home", "end(-1)", "First", show=False, id="walk.home"),
        Binding("end", "end(1)", "Last", show=False, id="walk.end"),
        Binding("tab", "array(1)", "Next stage or weights", show=False, id="walk.next"),
        Binding(
            "shift+tab", "array(-1)", "Stage or weights before", show=False, id="walk.previous"
        ),
        Binding("m", "mode", "Characters or shades", show=False, id="walk.mode"),
    ]
    AUTO_FOCUS = ""

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.level: Level = "images"
        self.stage = 0
        self.cursors = Places()
        self._placed: Wanted | None = None  # the walk that the cursors are places in
        self._before_nudge: Level = "images"
        self._nudged = ""

    def compose(self) -> ComposeResult:
        yield Static(id="head", markup=False)
        yield WalkImages(self.terminal)
        yield StageView(self.terminal)
        yield NudgeView(self.terminal)
        with Vertical(id="line"):
            yield Prompt()
            yield Static(id="note", markup=False)
        yield KeyHints()

    def on_mount(self) -> None:
        self._show_level("images")

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the size."""
        self.call_after_refresh(self._show_level, self.level)

    def show_configuration(self) -> None:
        """Data have come, images were picked, or the network of Train is another."""
        self.begin()
        self.draw()

    def begun(self) -> None:
        """Leave a nudge: another network need not have such a weight."""
        if self.level == "nudge":
            self._show_level("images")

    # Drawing

    def draw(self) -> None:
        """Show the step on the present level."""
        self.put("#head", self._head())
        if (view := self.view) is None:
            return
        stages = view.taken.stages
        self.image = min(self.image, len(view.picks) - 1)
        self.stage = min(self.stage, len(stages) - 1)
        if self._placed is None or not view.wanted.same_walk(self._placed):
            columns = view.wanted.dataset.spec.columns
            self.cursors, self._placed = Places.telling(view.taken, columns), view.wanted
        self.query_one(WalkImages).show(view, self.image)
        self.query_one(StageView).show(view, self.stage, self.cursors)
        if (gradient := self._gradient(self._nudged)) is not None:
            self.query_one(NudgeView).show(view.nudged, gradient, self._layers)

    def _head(self) -> str:
        if self.view is not None:
            return walk_title(self.view, self.size.width)
        return self.waiting() if self.bench.dataset is None else "Preparing the walk ..."

    @property
    def _layers(self) -> int:
        """Linear layers of the network that is shown."""
        return len(self.view.taken.gradient_norms) // 2 if self.view else 0

    def _show_level(self, level: Level) -> None:
        self.level = level
        for name in ("images", "stages", "numbers", "nudge"):
            self.set_class(name == level, f"-{name}")
        tall = self.size.height >= _TALL
        self.show_note(_HINTS.get(level, "") if tall else "")
        self.refresh_bindings()
        self.draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything on this level."""
        if action == "leave_level":
            return self.level != "images"
        if action == "enter":
            return self.level in ("images", "stages")
        if action == "part":
            return self.level == "nudge" and self.size.width < COLUMNS
        return action not in ("restart", "add", "remove") or self.level == "images"

    # Steps and levels

    def action_step(self, by: int) -> None:
        """Go a step on or back."""
        if self.wanted is not None:
            self.show_note("")
            self.go(self.wanted.step + by)

    def action_restart(self) -> None:
        """Go back to the first weights."""
        self.go(0)

    def action_enter(self) -> None:
        """From the images to the stages, from there to the numbers."""
        if self.view is not None:
            self._show_level("stages" if self.level == "images" else "numbers")

    def action_leave_level(self) -> None:
        """From the numbers to the stages, from there to the images."""
        if self.level == "nudge":
            self.nudge(None)
            self._show_level(self._before_nudge)
        else:
            self._show_level("stages" if self.level == "numbers" else "images")

    def action_move(self, right: int, below: int) -> None:
        """Move among steps and images, stages and numbers, or weights."""
        if self.view is None:
            return
        if self.level == "images":
            if right:
                self.action_step(right)
            else:
                self._choose_image(self.image + below)
        elif self.level == "stages" and right:
            self._choose_stage(self.stage + right)
        elif (stage := self._cursor_stage) is not None:
            self.cursors.move(stage, right, below)
            self._cursor_moved()

    def action_array(self, by: int) -> None:
        """Go to the next stage, or nudge a weight of the next array."""
        if self.view is None:
            return
        if self.level == "nudge":
            names = list(self.view.taken.gradient_norms)
            self._nudge(names[(names.index(self._nudged) + by) % len(names)])
        elif self.level == "images":
            self._choose_image(self.image + by)
        else:
            self._choose_stage((self.stage + by) % len(self.view.taken.stages))

    def action_page(self, by: int) -> None:
        """Go to the next image or unit of a picture, to another row, or by five images."""
        if self.view is None:
            return
        if self.level == "images":
            self._choose_image(self.image + 5 * by)
        elif (stage := self._cursor_stage) is not None:
            self.cursors.page(stage, by)
            self._cursor_moved()

    def action_end(self, direction: int) -> None:
        """Go to the first step, to the first or last stage, or to the end of a row."""
        if self.view is None:
            return
        if self.level == "images":
            self.go(0 if direction < 0 else len(self.view.losses) - 1)
        elif self.level == "stages":
            self._choose_stage(0 if direction < 0 else len(self.view.taken.stages) - 1)
        elif (stage := self._cursor_stage) is not None:
            self.cursors.end(stage, direction)
            self._cursor_moved()

    def action_mode(self) -> None:
        """Draw numbers with characters or in shades."""
        stage = self.query_one(StageView)
        stage.shaded = not stage.shaded
        stage.redraw()

    def _choose_image(self, image: int) -> None:
        if self.view is not None:
            self.image = min(max(image, 0), len(self.view.picks) - 1)
            self.cursors |= {"image": self.image, "class": self.view.picks[self.image].label}
            self.draw()

    def _choose_stage(self, stage: int) -> None:
        if self.view is not None:
            self.stage = min(max(stage, 0), len(self.view.taken.stages) - 1)
            self.draw()

    # The cursor

    @property
    def _cursor_stage(self) -> Stage | None:
        """The array that the cursor is in."""
        if self.view is None:
            return None
        if self.level == "nudge":
            return self._gradient(self._nudged)
        return self.view.taken.stages[self.stage]

    def _gradient(self, parameter: str) -> Stage | None:
        stages = self.view.taken.stages if self.view else ()
        return next((stage for stage in stages if stage.parameter == parameter), None)

    def _cursor_moved(self) -> None:
        self.image = self.cursors.get("image", self.image)
        if self.level == "nudge":
            self._nudge(self._nudged)
        self.draw()

    # Nudging

    def action_nudge(self) -> None:
        """Nudge the chosen weight, or one of the last layer."""
        stage = self._cursor_stage
        if stage is None:
            return
        if self.level == "nudge":
            self.action_leave_level()
            return
        inside = self.level != "images"
        self._before_nudge = self.level
        self._nudge(stage.parameter if inside and stage.parameter else f"W{self._layers}")
        self._show_level("nudge")

    def action_part(self) -> None:
        """Where there is room for one: the next part of what is known of a weight."""
        self.query_one(NudgeView).turn()

    def _nudge(self, parameter: str) -> None:
        self._nudged = parameter
        if (stage := self._gradient(parameter)) is not None:
            self.nudge(Weight(parameter, self.cursors.index(stage)))
