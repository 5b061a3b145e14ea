"""A list of options that may be on a screen without room for it."""

from __future__ import annotations

from textual import events
from textual.style import Style
from textual.widgets import OptionList


class Options(OptionList):
    """Textual's list, with room for no line or for options that change under the mouse.

    The lines of the options exist only when the list has a size, and `OptionList` fails
    where a page key comes before that, or in a terminal that is too small. It also fails where
    padding and scroll bar leave no column for the text, hence the least width.
    """

    DEFAULT_CSS = "Options { min-width: 6; }"

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        """The style of a part; without colours, that under the cursor is reversed.

        Textual takes everything but the reversal from a style sheet.
        """
        style = super().get_visual_style(*component_classes, partial=partial)
        if self.app.no_color and "option-list--option-highlighted" in component_classes:
            style += Style(reverse=True)
        return style

    def on_click(self, event: events.Click) -> None:
        """Ignore a click on an option that has gone before the click arrived."""
        if event.style.meta.get("option", 0) >= self.option_count:
            event.prevent_default()

    def action_page_up(self) -> None:
        """Move the cursor a page up."""
        if self.scrollable_content_region:
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """Move the cursor a page down."""
        if self.scrollable_content_region:
            super().action_page_down()  # type: ignore[no-untyped-call]
