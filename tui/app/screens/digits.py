"""The digits screen: browse a split, with the prediction of each digit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from nn.data.dataset import Split
from tui.app.screens import MODES as SCREENS
from tui.app.screens.browsing import BrowsingScreen
from tui.app.state.browser import Listing, Query
from tui.app.state.fed_digits import WARPS, FedDigits, fed_words
from tui.app.state.messages import DrawingChosen
from tui.app.state.verdict import Verdict, ordinal
from tui.app.widgets.compared_probabilities import ComparedProbabilities
from tui.app.widgets.compared_rows import lettered_names
from tui.app.widgets.digit import DigitView
from tui.app.widgets.digit_pane import DigitPane
from tui.app.widgets.digit_sheet import DigitSheet, picture
from tui.app.widgets.headline import Headline
from tui.app.widgets.loss_words import OUTPUTS
from tui.app.widgets.panel import Panel
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.trajectory import Trajectory
from tui.formatting import count

_SHORT = {"confidence": "surest"}
"""Orders by another name where it is narrow."""


class DigitsScreen(BrowsingScreen):
    """One digit large, or a contact sheet of them."""

    SHOWS_NETWORK = True
    DEFAULT_CSS = """
    DigitsScreen {
        layers: base line;
        #sheet, #trail, #note { display: none; }
        #note, Prompt {
            layer: line; dock: bottom; width: auto; max-width: 50%; height: auto; max-height: 3;
            margin: 0 1 2 1; background: $surface; color: $readable-accent;
            &:nocolor { text-style: reverse; }
        }
        &.-sheet DigitPane { display: none; }
        &.-sheet #sheet { display: block; height: 1fr; }
        &.-sheet #note, &.-sheet Prompt { max-width: 100%; }
        &.-short #trail { display: block; height: 1; }
        &.-short.-sheet #trail { display: none; }
        &.-wide #note, &.-wide Prompt, &.-huge #note, &.-huge Prompt { margin: 0 2 2 2; }
        &.-narrow #note, &.-narrow Prompt, &.-short #note, &.-short Prompt {
            width: 1fr; max-width: 100%; height: 1; margin: 0 0 1 0;
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "sheet", "Sheet", id="digits.sheet"),
        Binding("d", "mode", "Drawing", id="digits.mode"),
        Binding(
            "i", "input", "As the network is fed it, or as it is", id="digits.input", show=False
        ),
        Binding("w", "walk", "Into the walk, or out of it", id="digits.walk", show=False),
        Binding("O", "swap", "Other way round", id="digits.swap"),
        Binding("enter", "open", "Open the digit", id="digits.open", show=False),
        Binding("escape", "back", "Back, or show all", id="digits.back", show=False),
    ]

    def compose_body(self) -> ComposeResult:
        yield DigitPane(self.terminal, self.bench.drawing.digit)
        with Panel(id="sheet"):
            yield DigitSheet(self.terminal, mode=self.bench.drawing.pictures)
        yield Trajectory(self.terminal, id="trail")
        yield Static(id="note", markup=False)  # this and the prompt lie over the edge of the digit
        yield Prompt()

    def on_resize(self, _event: events.Resize) -> None:
        """The words depend on the size."""
        self.call_after_refresh(self.draw)

    # What is shown

    _fed: FedDigits | None = None  # where digits are shown as the network is fed them

    @property
    def showing_sheet(self) -> bool:
        """Whether the contact sheet is shown in place of one digit."""
        return self.has_class("-sheet")

    @property
    def _sheet(self) -> DigitSheet:
        return self.query_one("#sheet DigitSheet", DigitSheet)

    def draw(self) -> None:
        """Show the present digit, or the sheet that it is on."""
        self.show_hints()
        split, snapshot = self.bench.images, self.snapshot
        if split is None or snapshot is None:
            self._clear()
            return
        self.settle(split)
        self._show_titles(split)
        known = self.browser.of(split)
        self.query_one(DigitView).mode = self.bench.drawing.digit
        for sheet in self.query(DigitSheet):
            sheet.mode = self.bench.drawing.pictures
            sheet.show_listing(self.listing, split, known, self.bench.index)
        if not self.showing_sheet:
            self._draw_digit(split)

    def _clear(self) -> None:
        self.listing = Listing.everything(0)
        self.query_one(DigitPane).show_titles(self.waiting(), "", "")
        self.query_one("#sheet", Panel).show_titles(self.waiting())
        self.query_one(DigitPane).show_digit(None)
        self.query_one("#trail", Trajectory).set_points((), 0)
        for sheet in self.query(DigitSheet):
            sheet.show_nothing()

    def _show_titles(self, split: Split) -> None:
        """Name the digit that is shown, its place among the selected ones, and the selection."""
        bench, query, narrow = self.bench, self.browser.query, self.size.width < 80
        at, count = self.listing.position(bench.index), len(self.listing)
        name = bench.split[:5] if narrow else bench.split
        place = "none" if at is None else f"{at + 1:,} of {count:,}"
        if self.browser.of(split) is None and query != Query():
            place = "..."
        place = place.replace(" of ", "/").replace(",", "") if narrow else place
        words = query.words(short=narrow, spec=split.spec)
        order = _SHORT.get(query.order, query.order) if narrow else f"by {query.order}"
        about = (" " if narrow else ", ").join(part for part in (words, order) if part)
        title = f"{name.capitalize()} {bench.index}  {place}"
        facts = about if narrow else f"Prediction, {self.weights(self.snapshot)}"
        if bench.cell is not None and not narrow:
            width = self.query_one(DigitPane).facts_width - 4
            facts = lettered_names(bench.cell.comparison, width)
        note = "" if bench.shown is None else OUTPUTS[bench.shown.config.loss]
        self.query_one(DigitPane).show_titles(title, about, facts, note)
        self.query_one("#sheet", Panel).show_titles(f"{title}  {about}", self.predicted_weights)

    def _draw_digit(self, split: Split) -> None:
        run, shown, index = self.bench.shown, self.snapshot, self.bench.index
        assert run is not None
        assert shown is not None
        earlier = [s for s in run.snapshots if s.step < shown.step]
        verdicts = self.browser.trajectory([*earlier, shown], split, index)
        verdict = verdicts[-1][1]
        points = [(s.epoch, v.probabilities[v.label], v.predicted) for s, v in verdicts]
        self.query_one(DigitPane).show_digit(
            self._fed.picture(split, index, shown.predictor, training=self.bench.split == "train")
            if self._fed
            else picture(split, index),
            headline(verdict, short=self.size.width < 80),
            verdict.probabilities,
            points,
            verdict.label,
            split.spec,
        )
        self.query_one("#trail", Trajectory).set_points(points, verdict.label, split.spec)

        if self.bench.cell is not None and (compared := self.bench.cell.comparison.digits):
            both = [outputs.probabilities[index].tolist() for outputs in compared.outputs]
            self.query_one(ComparedProbabilities).show(both, verdict.label, split.spec)

    @property
    def line_length(self) -> int:
        return self._sheet.columns if self.showing_sheet else super().line_length

    @property
    def page_length(self) -> int:
        return self._sheet.page_size if self.showing_sheet else super().page_length

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything."""
        return action != "swap" or self.bench.cell is not None

    def hinted(self) -> Mapping[str, str]:
        """The key that leads back to the screen whose digits are shown."""
        return {"digits.back": "Back"} if self.browser.within_cell else super().hinted()

    def show_configuration(self) -> None:
        """Another run, or a comparison of two, brings other weights and maybe other data."""
        self.refresh_bindings()
        self.set_class(self.bench.cell is not None, "-compared")
        super().show_configuration()

    def action_swap(self) -> None:
        """Show what the other one of two compared runs gets wrong, or its network."""
        if (cell := self.bench.cell) is not None:
            self.bench.open_cell(cell.swapped)
            self.catch_up()

    def action_input(self) -> None:
        """Show each digit as the network is fed it, warped in three ways, or again as it is."""
        if self.snapshot is None:
            return
        self.remove_class("-sheet")
        config, training = self.snapshot.predictor.config, self.bench.split == "train"
        warps = WARPS if training and config.augments else 1
        if self._fed is None:
            self._fed = FedDigits()
        elif self._fed.warp < warps:
            self._fed.turn()
        else:
            self._fed = None
        note = "As it is in the data"
        if self._fed:
            note = f"As the network is fed it: {fed_words(config, training=training)}"
            if warps > 1:
                key = self.key_of("digits.input", "i")
                note += f" ({self._fed.warp} of {warps}, {key}: the next)"
        self.show_note(note)
        self.draw()

    def action_walk(self) -> None:
        """Pick the present digit for the walk, or leave it out again."""
        split, picked = self.bench.images, self.bench.picked
        if split is None:
            return
        from tui.app.state.walking import MOST_IMAGES, Pick

        pick = Pick.of(self.bench.split, split, self.bench.index)
        known = [each for each in picked if each.name == pick.name]
        if known:
            self.bench.picked = [each for each in picked if each.name != pick.name]
            left = len(self.bench.picked)
            self.show_note(
                f"Out of the walk, now of {count(left, 'image') if left else 'the first images'}"
            )
        elif len(picked) == MOST_IMAGES:
            self.show_note(f"A walk has {MOST_IMAGES} images at most")
        else:
            self.bench.picked = [*picked, pick]
            self.show_note(
                f"Into the walk ({SCREENS['walk'].key}), now of {count(len(picked) + 1, 'image')}"
            )

    # One digit and the sheet

    def action_mode(self) -> None:
        """Draw the digit, or the sheet, with characters, half blocks or braille."""
        drawing = self.bench.drawing
        if self.terminal.ascii_only:
            self.show_note("This terminal's encoding has ASCII characters only")
            return
        if self.showing_sheet:
            drawing.turn_pictures(self.terminal)
        else:
            drawing.turn_digit(self.terminal)
        self.app.post_message(DrawingChosen())
        self.draw()

    def action_sheet(self) -> None:
        """Many digits, or one."""
        self.toggle_class("-sheet")
        self.draw()

    def action_open(self) -> None:
        """From the sheet to its selected digit."""
        self.remove_class("-sheet")
        self.draw()

    def on_contact_sheet_selected(self, event: DigitSheet.Selected) -> None:
        """A click on the sheet."""
        self.remove_class("-sheet")
        self.show_digit(event.index)

    def action_back(self) -> None:
        """From the sheet to the digit, from a confusion cell or a comparison to where it was
        opened, from a selection to all.
        """
        if mode := self.browser.close_cell():
            self.remove_class("-sheet")
            if mode == "compare":
                self.bench.close()
            self.app.switch_mode(mode)
        elif self.showing_sheet:
            self.action_open()
        else:
            self._select(Query(order=self.browser.query.order))


def headline(verdict: Verdict, *, short: bool) -> Headline:
    """What is predicted of a digit, in figures and in words."""
    predicted, label = (verdict.spec.names[at] for at in (verdict.predicted, verdict.label))
    if not verdict.answered:
        words = ["no answer", "diverged"]
        return Headline("?", label, words, verdict.words(short=short))
    words = [f"{max(verdict.probabilities):.1%} for {predicted}", f"loss {verdict.loss:.3g}"]
    if verdict.wrong:
        words.append(f"{label}: {ordinal(verdict.rank)} choice")
    return Headline(predicted, label, words, verdict.words(short=short))
