"""A page of the digits that are browsed, each with its prediction."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip

from nn.data.dataset import Split
from nn.spec import DataSpec
from tui.app.state.browser import Listing, SplitPredictions
from tui.app.widgets.digit import ContactSheet
from tui.app.widgets.lazy import Lazy
from tui.app.widgets.legend import shorten
from tui.app.widgets.raster import Image


def picture(split: Split, index: int) -> Image:
    """One image of a split, (rows, columns)."""
    pixels: Image = split.images[index].reshape(split.spec.shape)
    return pixels


class DigitSheet(ContactSheet):
    """Shows a listing; the keys of the screen move its selection."""

    _listing: Listing | None = None

    def show_listing(
        self, listing: Listing, split: Split, known: SplitPredictions | None, index: int
    ) -> None:
        """Show these digits of a split; the one with this index in the split is selected.

        `known` holds the predictions that they were listed by.
        """
        if listing is not self._listing:
            self._listing = listing
            indices, count = listing.indices, len(listing)

            def caption(at: int) -> str:
                said = known.outputs.predicted[indices[at]] if known else None
                return _caption(split.spec, said, split.labels[indices[at]])

            self.set_items(
                Lazy(count, lambda at: picture(split, indices[at])),
                Lazy(count, caption),
                Lazy(count, lambda at: bool(known and known.wrong[indices[at]])),
                Lazy(count, lambda at: int(indices[at])),
            )
        self.selected = listing.position(index) or 0

    def show_nothing(self) -> None:
        """Show no digits."""
        self._listing = None
        self.set_items((), (), ())

    def _lay_out(self) -> list[Strip]:
        self.tile_width, self.tile_height = _tile(self.screen.size)
        return super()._lay_out()


def _caption(spec: DataSpec, predicted: int | None, label: int) -> str:
    """The prediction and the label; a name alone where both are the same."""
    if not spec.has_names:
        return f"{'?' if predicted is None else predicted}, label {label}"
    if predicted == label:
        return spec.names[label]
    said = "?" if predicted is None else shorten(spec.names[predicted], _HALF)
    return f"{said}/{spec.names[label]}"


_TILES = ((28, 14), (20, 10), (14, 7), (12, 6))
_WANTED = (10, 5)  # how many digits of a cell are to be seen, if there are so many
_HALF = 5  # cells of a predicted class's name, so that the name of the label has as many


def _tile(screen: Size) -> tuple[int, int]:
    """Cells of a digit: legible, wide enough for a caption, and as many as possible."""
    if screen.height < 24:
        return 12, 5
    return (14, 7) if screen.width >= 80 else (12, 6)


class CellSheet(ContactSheet):
    """Some digits of a cell of the confusion matrix, which need no captions: they are alike."""

    captioned = False

    def show_cell(self, split: Split, listing: Listing) -> None:
        """Show the first of these digits, as large as a few of them fit."""
        indices = listing.indices
        self.tile_width, self.tile_height = self._fitting_tile(len(indices))
        shown = [int(index) for index in indices[: self.page_size]]
        images = [picture(split, index) for index in shown]
        self.selected = 0
        self.set_items(images, [""] * len(images), [False] * len(images), shown)

    def _fitting_tile(self, count: int) -> tuple[int, int]:
        for wanted in _WANTED:
            for self.tile_width, self.tile_height in _TILES:
                if self.tile_height <= self.size.height and self.page_size >= min(count, wanted):
                    return self.tile_width, self.tile_height
        return _TILES[-1]
