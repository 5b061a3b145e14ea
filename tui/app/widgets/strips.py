"""A widget that keeps its lines as strips and repaints only what changed.

Textual does not compare the cells of a refreshed widget: a plain `refresh()` sends every line
again. Over a slow link that is most of the traffic of a chart that is drawn once a second.
"""

from __future__ import annotations

from itertools import zip_longest

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.theme import Theme
from textual.widget import Widget

from tui.system.terminal import FULL, Terminal

PLAIN = Style.null()


def text_strip(text: str, width: int, style: Style = PLAIN) -> Strip:
    """One line of text, cut or padded to exactly `width` cells."""
    return Strip([Segment(text, style)]).adjust_cell_length(width, PLAIN).simplify()


def printable(text: str, *, ascii_only: bool = False) -> str:
    """The text with blanks for control characters and, if `ascii_only`, '?' beyond ASCII."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.encode("ascii", "replace").decode() if ascii_only else text


def with_fewer_styles(strip: Strip) -> Strip:
    """The same picture with the colour of each blank that of the text before it.

    A change of colour takes some forty bytes in a terminal with exact colours. No style may have a
    background or a line.
    """
    segments: list[Segment] = []
    for segment in strip:
        style = segments[-1].style if segments and segment.text.isspace() else segment.style
        segments.append(Segment(segment.text, style))
    return Strip(segments, strip.cell_length).simplify()


class StripWidget(Widget):
    """Shows the lines that the method `_lay_out` of a subclass returns for the present size.

    Args:
        terminal: Which characters and how many colours to use.
    """

    DEFAULT_CSS = """
    StripWidget { width: 1fr; height: 1fr; }
    """

    def __init__(
        self,
        terminal: Terminal = FULL,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.terminal = terminal
        self._strips: list[Strip] = []
        self._resized_to = Size()
        # Looked up once a paint: it is put together from the styles of all widgets around this one.
        self._own_style = PLAIN
        self._laid_out_to = Size()
        self._theme = ""  # in whose colours the lines were painted

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, self._change_theme)

    def _change_theme(self, _theme: Theme) -> None:
        self.redraw()

    def _lay_out(self) -> list[Strip]:
        """The lines for the present size and state."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw the present state, repainting each changed line up to its last changed cell.

        The repaint starts at the left edge because Textual crops an update on its right only.
        """
        if not self.size:
            self._laid_out_to = Size()  # the next resize will draw
            return
        before = self._strips
        self._refill()
        blank = Strip.blank(self.size.width, PLAIN)
        changed = [
            Region(0, y, _changed_width(old, new), 1)
            for y, (old, new) in enumerate(zip_longest(before, self._strips, fillvalue=blank))
            if old != new
        ]
        if changed:
            self.refresh(*changed)

    def redraw_when_painted(self) -> None:
        """Have the present state drawn once, however often this is called before the next paint."""
        self._theme = ""
        self.refresh()

    def _refill(self) -> None:
        self._laid_out_to = self.size
        self._strips = self._lay_out() if self.size else []

    def _on_resize(self, _event: events.Resize) -> None:
        """Draw at the new size, unless that was done when the widget was painted in it."""
        self._resized_to = self.size
        if (self._laid_out_to, self._theme) != (self.size, self.app.theme):
            self._theme = self.app.theme
            self.redraw()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines to paint; if Textual posted no resize event, it is posted first.

        Its compositor posts none for a widget that a class has just made visible if the region of
        any widget was requested in between. A screen that was hidden when the theme was changed has
        the new styles only now, so that its lines are laid out again; so are those of a widget that
        is painted in a new width before it has been told of it.
        """
        if self.size != self._resized_to:
            self._resized_to = self.size
            self.post_message(events.Resize(self.size, self.virtual_size, self.container_size))
        # Of another width Textual forgets all lines that it keeps, and paints each of them anew.
        other_width = self._laid_out_to and self._laid_out_to.width != self.size.width
        if other_width or self._theme != self.app.theme:
            self._theme = self.app.theme
            self._refill()
        self._own_style = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """The cached line in the colours of the widget; blank below the last."""
        width, style = self.size.width, self._own_style
        if y >= len(self._strips):
            return Strip.blank(width, style)
        return self._strips[y].adjust_cell_length(width, PLAIN).apply_style(style)


def _changed_width(old: Strip, new: Strip) -> int:
    """The number of cells up to and including the last one that differs."""
    width = new.cell_length
    if old.cell_length != width:
        return max(old.cell_length, width)
    for before, after in zip(reversed(_cells(old)), reversed(_cells(new)), strict=False):
        if before != after:
            break
        width -= cell_len(after[0])
    return width


def _cells(strip: Strip) -> list[tuple[str, Style]]:
    """Each character with its style."""
    return [(c, segment.style or PLAIN) for segment in strip for c in segment.text]
