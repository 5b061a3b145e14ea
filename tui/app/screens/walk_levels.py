"""Where the reader of a walk is: the level, the stage, the cursor, and how keys move among them."""

from __future__ import annotations

from dataclasses import replace

from nn.analysis.stage import Stage
from tui.app.screens.touring import TouringScreen
from tui.app.state.places import Places
from tui.app.state.walking import Wanted, Weight
from tui.app.state.workbench import Workbench
from tui.lessons.tour import Ask, Do, Level, Place
from tui.system.terminal import Terminal


class WalkLevels(TouringScreen):
    """Three levels: the images of a step, its stages one by one, and the numbers of a stage.

    Enter goes in and escape out. The arrow keys move among steps, among stages, or among numbers.
    From each level a weight can be nudged. A subclass shows a level in `show_level`.
    """

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.level: Level = "images"
        self.stage = 0
        self.cursors = Places()
        self.placed: Wanted | None = None  # the walk that the cursors are places in
        self._before_nudge: Level = "images"
        self.nudged = ""

    def show_level(self, level: Level) -> None:
        """Show this level, and draw it."""
        raise NotImplementedError

    def set_level(self, level: Level) -> None:
        """Show this level, which is drawn later."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """Linear layers of the network that is shown."""
        names = self.view.taken.gradient_norms if self.view else ()
        return sum(name.startswith("W") for name in names)

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
            self.show_level("stages" if self.level == "images" else "numbers")

    def action_leave_level(self) -> None:
        """From the numbers to the stages, from there to the images."""
        if self.level == "nudge":
            self.nudge(None)
            self.show_level(self._before_nudge)
        else:
            self.show_level("stages" if self.level == "numbers" else "images")

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
            self._nudge(names[(names.index(self.nudged) + by) % len(names)])
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
            return self.gradient(self.nudged)
        return self.view.taken.stages[self.stage]

    def gradient(self, parameter: str) -> Stage | None:
        stages = self.view.taken.stages if self.view else ()
        return next((stage for stage in stages if stage.parameter == parameter), None)

    def _cursor_moved(self) -> None:
        self.image = self.cursors.get("image", self.image)
        if self.level == "nudge":
            self._nudge(self.nudged)
        self.draw()

    # Nudging

    def action_nudge(self) -> None:
        """Nudge the chosen weight, or one of the last layer."""
        stage = self._cursor_stage
        if stage is None or not self.shows_wanted_walk:
            return
        if self.level == "nudge":
            self.action_leave_level()
            return
        inside = self.level != "images"
        self._before_nudge = self.level
        self._nudge(stage.parameter if inside and stage.parameter else f"W{self.depth}")
        self.show_level("nudge")

    def _nudge(self, parameter: str) -> None:
        self.nudged = parameter
        if (stage := self.gradient(parameter)) is not None:
            self.nudge(Weight(parameter, self.cursors.index(stage)))

    # A lesson that leads

    def place(self) -> Place | None:
        """Where the walk is, for a lesson that judges it."""
        view, stage = self.view, self._cursor_stage
        if view is None or stage is None:
            return None
        nudge = view.nudged.nudges[0] if view.nudged and self.level == "nudge" else None
        index = self.cursors.index(stage)
        return Place(view.step, view.taken, self.level, stage.name, index, nudge)

    def visit(self, stop: Ask | Do) -> None:
        """Go to the level and stage of a stop, at the first step; the cursor keeps its place."""
        if self.view is not None:
            names = [stage.name for stage in self.view.taken.stages]
            self.stage = names.index(stop.stage)
            if self.wanted is not None and (self.wanted.step or self.wanted.weight):
                self.want(replace(self.wanted, step=0, weight=None))
            self.set_level(stop.level)
