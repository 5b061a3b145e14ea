"""One digit large, and beside it the prediction of the network."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size

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


class _Frame(Panel):
    """Is as wide as the digit in it can be beside the least width of the rest.

    That is told while the screen is laid out, so that the first layout is the last one.
    """

    shape = MNIST.shape
    """Pixels of the digit, high and wide."""

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """The cells of the digit; `container` is the size of the pane without this border."""
        least = next((w for name, w in _FACTS.items() if self.screen.has_class(name)), 0)
        return picture_size(self.shape, max(1, container.width - least), container.height)[0]


class DigitPane(Horizontal):
    """The digit in a frame of its own size, a headline, the bars and the trajectory.

    The largest layout also has the digits around it in the listing.
    """

    SCOPED_CSS = False  # The layout depends on the classes of the screen.
    DEFAULT_CSS = """
    DigitPane {
        height: 1fr;
        #picture { width: auto; }
        #picture DigitView { expand: optimal; }
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
    .-narrow.-tall DigitPane #picture { width: 100%; }
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

    def compose(self) -> ComposeResult:
        terminal = self._terminal
        with _Frame(id="picture"):
            yield DigitView(terminal, mode=self._mode)
        with Panel(id="facts"):
            yield HeadlineView(terminal)
            yield ComparedProbabilities(terminal)
            yield ProbabilityBars(terminal)
            yield Trajectory(terminal)
            yield DigitSheet(terminal, id="around")

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
        frame = self.query_one(_Frame)
        if image is not None and image.shape != frame.shape:
            frame.shape = spec.shape
            frame.refresh(layout=True)
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
