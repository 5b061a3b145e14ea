"""What the screens of the modes have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui.app.screens.latest_size import LatestSize
from tui.app.screens.own_keys import OwnKeys
from tui.app.screens.run_status import run_state
from tui.app.state.messages import DrawingChosen
from tui.app.state.workbench import Workbench
from tui.app.widgets.header import Header, Tab
from tui.app.widgets.hints import KeyHints
from tui.app.widgets.strips import printable
from tui.app.widgets.text import set_text, set_title, shorten
from tui.formatting import message_of
from tui.system.terminal import Terminal

if TYPE_CHECKING:
    from nn.storage.runs import SavedRun

_ROOM = 20  # lines of a screen on which one can be spared for an offer


class ModeScreen(OwnKeys, LatestSize, Screen[None]):
    """A screen over the workbench; the application calls it when there is something new.

    `show_progress` follows events of the run, `show_snapshot` newer weights, `show_configuration` a
    replaced configuration. All three are called only while the screen is shown, and by `catch_up`
    when it comes to the front, so that a hidden screen costs nothing. None of them is called before
    the widgets of the screen exist.
    """

    DEFAULT_CSS = """
    #opened {
        width: 1fr; height: auto; max-height: 5;
        background: $warning; color: $readable-banner;
        text-style: bold;
        &:nocolor { text-style: bold reverse; }
    }
    """
    SHOWS_NETWORK: ClassVar[bool] = False
    """Whether the screen shows what a network does, which an untrained one hardly does."""
    # Textual declares both as instance variables, which a ClassVar must not replace.
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-narrow"),
        (80, "-normal"),
        (120, "-wide"),
        (180, "-huge"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (24, "-medium"), (40, "-tall")]  # noqa: RUF012

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__()
        self.bench, self.terminal = bench, terminal
        self._opened: Static | None = None
        self._hinted: Mapping[str, str] = {}
        self._header = Header((), "", terminal)

    def name_screens(self, tabs: Sequence[Tab], current: str) -> None:
        """Name the screens for the header, before the screen is shown; `current` is this one."""
        self._header = Header(tabs, current, self.terminal)

    def compose(self) -> ComposeResult:
        """The header, what the subclass shows, and the keys."""
        self._take_breakpoints()
        self._header.show(run_state(self.bench))  # It takes the room that the screens leave it.
        yield self._header
        yield from self.compose_body()
        yield KeyHints(self.terminal)

    def _take_breakpoints(self) -> None:
        """Have the classes that Textual sets at the first resize, when all would be styled anew."""
        size = self.app.size
        for length, breakpoints in (
            (size.width, self.HORIZONTAL_BREAKPOINTS),
            (size.height, self.VERTICAL_BREAKPOINTS),
        ):
            self.add_class(max(each for each in breakpoints if each[0] <= length)[1], update=False)

    def complete(self) -> None:
        """Mount what need not be in the first frame of the application."""

    def compose_body(self) -> ComposeResult:
        """What is between the header and the keys."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        """Say as much of what is shown, or could be, as the new width has room for.

        Textual sends the first size twice, and would paint half of the screen the second time.
        """
        if event.size == self.outer_size:
            event.stop()
            event.prevent_default()
            return
        if event.size == self.app.size and self._opened is not None:
            self.show_opened()

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The bindings in force: those hinted first, then as declared also with the user's keys."""
        order: dict[str, int] = {}
        hinted = self.hinted()
        for name in hinted:
            order.setdefault(name, len(order))
        for node, _ in self._modal_binding_chain:
            for _, binding in node._bindings:  # as declared: keys are replaced in a copy
                if binding.id:
                    order.setdefault(binding.id, len(order))
        active = super().active_bindings
        for key, one in active.items():
            if (words := hinted.get(one.binding.id or "")) is not None:
                binding = replace(one.binding, show=True, description=words)
                active[key] = one._replace(binding=binding)
        return dict(
            sorted(
                active.items(),
                key=lambda item: order.get(item[1].binding.id or "", len(order)),
            )
        )

    def hinted(self) -> Mapping[str, str]:
        """The ids of keys that are named first for now, though not always, with their words."""
        return {} if self.bench.opened is None else {"app.present": "Back"}

    def show_hints(self) -> None:
        """Name other keys, where other ones are now of use."""
        if (hinted := self.hinted()) != self._hinted:
            self._hinted = hinted
            self.refresh_bindings()

    def show_progress(self) -> None:
        """Draw what the run's history now holds; of all screens the header."""
        self._header.show(run_state(self.bench))

    def show_snapshot(self) -> None:
        """Draw what the newest weights predict."""

    def show_configuration(self) -> None:
        """Draw the configuration that is now in force."""

    def show_seeds(self) -> None:
        """Draw how the training of more seeds goes on."""

    @property
    def told(self) -> str:
        """What is said at the top of what is shown in place of the present run."""
        return str(self._opened.content) if self._opened is not None else ""

    def show_opened(self) -> None:
        """Name at the top what is shown in place of the present run, or what could be.

        This is the one place where the reason stands why a saved run cannot be read.
        """
        self.show_hints()
        opened, width = self.bench.opened, self.app.size.width
        key = self.key_of("app.present", "0")
        wide, text = width >= 80, ""
        if opened is not None:
            back = f" {key}: back   " if wide else f"{key}: back  "
            if opened.error is not None:  # which names the run, too
                text = back + (f"{opened.title}: {opened.error}" if wide else str(opened.error))
            else:
                room = width - len(back)
                names = (opened.title, f"{opened.label}, read only") if wide else ()
                fitting = (name for name in names if len(name) <= room)
                text = back + next(fitting, shorten(opened.label, room))
        elif self.SHOWS_NETWORK and self.bench.offers_shipped and self.app.size.height >= _ROOM:
            text = f"{key}: trained network"
            if wide:
                text = f" {key}: the shipped network   This one is untrained"
        if self._opened is None:
            if not text:
                return
            self._opened = Static(id="opened", markup=False)
            self.mount(self._opened, after=self._header)
        self._opened.display = bool(text)
        self._opened.update(printable(text, ascii_only=self.terminal.ascii_only))

    def waiting(self) -> str:
        """The reason why there is no network to show, in a sentence."""
        if (opened := self.bench.opened) is not None:
            return opened.waiting
        if self.bench.error is not None:
            return str(self.bench.error)
        return "Loading the data ..." if self.bench.loading else "Preparing the run ..."

    def entitle(self, panel: Widget, title: str) -> None:
        """Put a title into the border of a panel; cut here, for Textual's sign is not ASCII."""
        room = max((panel.size.width or self.size.width) - 2, 0)
        title = printable(title, ascii_only=self.terminal.ascii_only)
        if self.terminal.ascii_only and len(title) > room:
            title = title[:room]
        set_title(panel, title)

    def put(self, selector: str, text: str) -> None:
        """Replace a text if it changed."""
        set_text(self.query_one(selector, Static), text)

    def turn_lines(self) -> None:
        """Have the lines of charts drawn thin on all screens, or in blocks again."""
        if self.terminal.thin_lines:
            self.bench.drawing.turn_lines()
            self.app.post_message(DrawingChosen())
        else:
            self.notify("This terminal has no braille, which thin lines are drawn with.")

    def train_with(self, run: SavedRun) -> None:
        """Put the configuration of a saved run into the form of Train, and go there."""
        from tui.recording.experiment import Experiment

        self.bench.close()
        if members := run.record.members:
            self.notify(
                "A committee is not trained itself: the form has the configuration of its first"
                f" member, {members[0].name}.",
                timeout=15,
            )
        if not self.bench.offer(Experiment.of_saved(run.record)):
            key = self.key_of("train.reset", "r")
            self.notify(
                f"A run is under way. Key {key} puts a new one of this configuration there.",
            )
        self.app.switch_mode("train")

    def notify_failure(self, what: str, error: Exception) -> None:
        """Tell what could not be done in the background, of which the run that trains is free."""
        self.notify(f"{what}: {message_of(error)}", severity="error", timeout=30)

    def show_note(self, text: str, selector: str = "#note") -> None:
        """Put a text on a line that is shown only while it has one."""
        self.put(selector, text)
        self.query_one(selector).display = bool(text)

    def catch_up(self) -> None:
        """Draw what happened while another screen was shown."""
        self.show_opened()
        self.show_configuration()
        self.show_progress()
        self.show_snapshot()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Catch up, once there is something to draw on; a new screen may be resumed before that."""
        if not self.outer_size:  # Its widgets have only just been styled.
            event.refresh_styles = False
        if self.is_mounted:
            self.catch_up()
        else:
            self.call_after_refresh(self.catch_up)
