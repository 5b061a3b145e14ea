"""One digit large, and beside it the prediction of the network."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from nn.spec import MNIST, DataSpec
from tui.app.widgets.compared_probabilities import ComparedProbabilities
from tui.app.widgets.digit import DigitView
from tui.app.widgets.digit_sheet import DigitSheet
from tui.app.widgets.probabilities import ProbabilityBars
from tui.app.widgets.raster import Image
from tui.app.widgets.text import set_text
from tui.app.widgets.trajectory import Point, Trajectory
from tui.system.terminal import Terminal


class DigitPane(Horizontal):
    """The digit, two lines about it, the bars and the trajectory.

    The largest layout also has the digits around it in the listing.
    """

    SCOPED_CSS = False  # The layout depends on the classes of the screen.
    DEFAULT_CSS = """
    DigitPane {
        height: 1fr;
        #facts { width: 38; padding-left: 1; }
        #verdict { height: 2; }
        Trajectory { margin-top: 1; max-height: 12; }
        #around { display: none; margin-top: 1; }
    }
    .-wide DigitPane #facts { width: 56; }
    .-huge DigitPane #facts { width: 84; }
    .-huge.-tall DigitPane #around { display: block; }
    .-narrow DigitPane #facts { width: 16; }
    .-narrow.-tall DigitPane { layout: vertical; }
    .-narrow.-tall DigitPane #facts { width: 100%; height: 22; padding: 0; }
    .-short DigitPane Trajectory { display: none; }
    .-compared DigitPane ComparedProbabilities { display: block; }
    .-compared DigitPane ProbabilityBars { display: none; }
    .-compared.-narrow DigitPane ComparedProbabilities { height: 1; }
    .-compared.-narrow DigitPane ProbabilityBars { display: block; }
    """

    def __init__(self, terminal: Terminal) -> None:
        super().__init__()
        self._terminal = terminal

    def compose(self) -> ComposeResult:
        terminal = self._terminal
        yield DigitView(terminal)
        with Vertical(id="facts"):
            yield Static(id="verdict", markup=False)
            yield ProbabilityBars(terminal)
            yield ComparedProbabilities(terminal)
            yield Trajectory(terminal)
            yield DigitSheet(terminal, id="around")

    def show_digit(
        self,
        image: Image | None,
        words: str = "",
        probabilities: Sequence[float] = (),
        points: Sequence[Point] = (),
        label: int = 0,
        spec: DataSpec = MNIST,
    ) -> None:
        """Show this digit, or nothing."""
        self.query_one(DigitView).set_image(image)
        set_text(self.query_one("#verdict", Static), words)
        self.query_one(ProbabilityBars).set_probabilities(probabilities, label, spec)
        self.query_one(Trajectory).set_points(points, label, spec)
