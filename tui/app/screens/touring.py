"""A lesson that leads through the walk: its stops, its questions, and the way back to it."""

from __future__ import annotations

from collections.abc import Iterator

from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.app.screens.walking import WalkingScreen
from tui.app.widgets.text import set_text
from tui.lessons.session import LETTERS
from tui.lessons.tour import Ask, Do, Place

TOUR_BINDINGS: tuple[BindingType, ...] = (
    Binding("space", "go_on", "Go on", id="tour.on"),
    Binding("w", "lesson", "Lesson", id="tour.lesson"),
)


def answer_bindings(prefix: str) -> Iterator[Binding]:
    """The keys of a prediction, of which the hints name all at once; `prefix` begins their ids."""
    yield Binding(
        LETTERS[0], "predict(0)", "Predict", key_display=" ".join(LETTERS), id=f"{prefix}.a"
    )
    for i, letter in enumerate(LETTERS[1:], 1):
        name = f"{prefix}.{letter}"
        yield Binding(letter, f"predict({i})", f"Predict {letter}", show=False, id=name)


ANSWERS: tuple[BindingType, ...] = tuple(answer_bindings("tour"))
"""To be declared before keys of the walk with these letters, from which a question takes them."""
_OWN_IMAGES = ("add", "remove", "first", "network")


class TouringScreen(WalkingScreen):
    """A walk that a lesson may lead; a subclass has a `Static` with the id "guide"."""

    def place(self) -> Place | None:
        """Where the walk is, None before anything is shown."""
        raise NotImplementedError

    def visit(self, stop: Ask | Do) -> None:
        """Go to the level and the stage of a stop."""
        raise NotImplementedError

    def tour_allows(self, action: str) -> bool | None:
        """Whether an action has an effect because of a tour, or for want of one; else None."""
        tour = self.bench.tour
        if action == "predict":
            return tour is not None and tour.asking
        if action == "go_on":
            return tour is not None and tour.stop is not None and not tour.asking
        if action == "lesson":
            return tour is not None
        if action == "step" and tour is not None and tour.stop is not None:
            return tour.stop.level == "images"  # elsewhere the numbers are those of the question
        return False if tour is not None and action in _OWN_IMAGES else None

    def show_guide(self) -> None:
        """Take the walk to the present stop, judge what was done there, and write what is asked."""
        tour, guide = self.bench.tour, self.query_one("#guide", Static)
        guide.display = tour is not None
        if tour is None or self.view is None or self.view.wanted.config != tour.tour.config:
            return
        if not tour.arrived:
            tour.arrived = True
            if tour.stop is not None:
                self.visit(tour.stop)
        place = self.place()
        if place is not None and self.view.wanted is self.wanted:  # else it is being computed
            tour.look(place)
        back = self.key_of("tour.lesson", "w")
        set_text(guide, "\n".join(tour.lines(self.size.width - 2, back)))
        self.refresh_bindings()

    def action_predict(self, choice: int) -> None:
        """Answer the question of the stop."""
        if self.bench.tour is not None and self.bench.tour.predict(choice):
            self.draw()

    def action_go_on(self) -> None:
        """Go to the next stop."""
        if self.bench.tour is not None and self.bench.tour.go_on():
            self.draw()

    def action_lesson(self) -> None:
        """Go back to the lesson, which takes over where the walk is."""
        self.app.switch_mode("lessons")
