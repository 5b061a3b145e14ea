"""A panel whose titles change while it is shown."""

from __future__ import annotations

from typing import Any, Self

from textual.containers import Container
from textual.content import Content
from textual.geometry import Region

from tui.app.widgets.text import Title

_NOTHING = Content("")


class Panel(Container):
    """Has a title and a subtitle in its border, of which only the lines are painted that change.

    Textual by itself paints the whole panel again, with all that is in it, whenever a title is set.
    """

    _titles: tuple[Content, Content] = (_NOTHING, _NOTHING)
    _titling = False

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str = "",
    ) -> None:
        super().__init__(id=id, classes=f"panel {classes}".strip())

    def show_titles(self, title: str | Content, subtitle: str | Content = "") -> None:
        """Put these into the border. A `str` is shown as it is, brackets included."""
        below = Content(subtitle) if isinstance(subtitle, str) else subtitle
        named = Title(title) if isinstance(title, str) else Title(title.plain, list(title.spans))
        before, self._titles = self._titles, (named, below)
        self._titling = True
        if not named.is_same(before[0]):
            self.border_title = named
        if not below.is_same(before[1]):
            self.border_subtitle = below
        self._titling = False

    def refresh(self, *regions: Region, **options: Any) -> Self:
        """Paint the panel again, or where a title was set the lines of its border."""
        if self._titling and not regions:
            left, top = self.content_offset
            width, height = self.outer_size
            regions = Region(-left, -top, width, 1), Region(-left, height - top - 1, width, 1)
        return super().refresh(*regions, **options)
