"""One digit large, and beside it the prediction of the network."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal

from nn.spec import MNIST, DataSpec
from tui.app.widgets.compared_probabilities import ComparedProbabilities
from tui.app.widgets.digit import DigitView, picture_size
from tui.app.widgets.digit_sheet import DigitSheet
from tui.app.widgets.headline import Headline, HeadlineView
from tui.app.widgets.panel import Panel
from tui.app.widgets.probabilities import ProbabilityBars
from tui.app.widgets.raster import Image
from tui.app.widgets.trajectory import Point, Trajectory
from tui.system.terminal import DrawingMode, Terminal

_FACTS = {"-narrow": 16, "-normal": 38, "-wide": 46, "-huge": 84}
"""Least width of what stands beside the digit."""


class DigitPane(Horizontal):
    """The digit in a frame of its own size, a headline, the bars and the trajectory.

    The largest layout also has the digits around it in the listing.
    """

    SCOPED_CSS = False  # The layout depends on the classes of the screen.
    DEFAULT_CSS = """
    DigitPane {
        height: 1fr;
        #facts { width: 1fr; }
        HeadlineView { height: 6; }
        Trajectory { max-height: 16; }
        #around { display: none; }
    }
    .-tall DigitPane {
        HeadlineView { margin-bottom: 1; }
        Trajectory, #around { margin-top: 1; }
    }
    .-huge.-tall DigitPane {
        HeadlineView { height: 11; }
        #around { display: block; }
    }
    .-narrow DigitPane HeadlineView, .-short DigitPane HeadlineView {
        height: 1fr; max-height: 2; margin: 0;
    }
    .-narrow.-tall DigitPane { layout: vertical; }
    .-narrow.-tall DigitPane #facts { height: 24; }
    .-short DigitPane Trajectory { display: none; }
    .-compared DigitPane ComparedProbabilities { display: block; }
    .-compared DigitPane ProbabilityBars { display: none; }
    .-compared.-narrow DigitPane ComparedProbabilities { height: 1; }
    .-compared.-narrow DigitPane ProbabilityBars { display: block; }
    """

    def __init__(self, terminal: Terminal, mode: DrawingMode) -> None:
        super().__init__()
        self._terminal, self._mode = terminal, mode
        self._shape = MNIST.shape

    def compose(self) -> ComposeResult:
        terminal = self._terminal
        with Panel(id="picture"):
            yield DigitView(terminal, mode=self._mode)
        with Panel(id="facts"):
            yield HeadlineView(terminal)
            yield ComparedProbabilities(terminal)
            yield ProbabilityBars(terminal)
            yield Trajectory(terminal)
            yield DigitSheet(terminal, id="around")

    def on_resize(self, _event: events.Resize) -> None:
        """Frame the digit."""
        self._frame()

    def show_digit(
        self,
        image: Image | None,
        said: Headline | None = None,
        probabilities: Sequence[float] = (),
        points: Sequence[Point] = (),
        label: int = 0,
        spec: DataSpec = MNIST,
    ) -> None:
        """Show this digit, or nothing."""
        if image is not None and image.shape != self._shape:
            self._shape = spec.shape
            self._frame()
        self.query_one(DigitView).set_image(image)
        self.query_one(HeadlineView).show(said)
        self.query_one(ProbabilityBars).set_probabilities(probabilities, label, spec)
        self.query_one(Trajectory).set_points(points, label, spec)

    @property
    def facts_width(self) -> int:
        """The cells beside the digit."""
        return self.query_one("#facts").size.width

    def show_titles(self, picture: str, about: str, facts: str, note: str = "") -> None:
        """Name the digit and where it is from, what was selected, who predicts, and in what."""
        self.query_one("#picture", Panel).show_titles(picture, about)
        self.query_one("#facts", Panel).show_titles(facts, note)

    def _frame(self) -> None:
        """Give the digit's panel the width of the digit."""
        panel = self.query_one("#picture")
        if self.screen.has_class("-narrow", "-tall"):
            panel.styles.width = "100%"
            return
        least = next((w for name, w in _FACTS.items() if self.screen.has_class(name)), 0)
        across, down = panel.gutter.width, panel.gutter.height
        room = max(1, self.size.width - least - across)
        panel.styles.width = picture_size(self._shape, room, self.size.height - down)[0] + across
