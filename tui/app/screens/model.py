"""The model screen: the network's layers, weights and activations, as training moves them."""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content

from nn.analysis.inspection import activations
from tui.app.screens.inspecting import InspectingScreen
from tui.app.state.messages import DrawingChosen
from tui.app.state.verdict import verdict
from tui.app.state.workbench import Workbench
from tui.app.widgets.activations_pane import ActivationsPane
from tui.app.widgets.digit_sheet import picture
from tui.app.widgets.histograms import Histograms
from tui.app.widgets.layer_table import LayerTable
from tui.app.widgets.panel import Panel
from tui.app.widgets.signed import shades_signs
from tui.app.widgets.weights_pane import WeightsPane
from tui.system.terminal import Terminal

Part = Literal["table", "weights", "activations", "histogram"]
PARTS: tuple[Part, ...] = get_args(Part)
TITLES: dict[Part, str] = {
    "table": "Layers",
    "weights": "Weights",
    "activations": "Activations",
    "histogram": "Histogram",
}
PACE = 2.0  # least seconds between two looks at moving weights
SHADED_PACE = 6.0  # the same while they are drawn in shades, which takes four times the bytes


class ModelScreen(InspectingScreen):
    """Four parts, one at a time or, on a wide screen, all together; keys go to the chosen one."""

    SHOWS_NETWORK = True
    DEFAULT_CSS = """
    ModelScreen {
        #body { height: 1fr; }
        .part { display: none; width: 1fr; height: 1fr; }
        &.-table #table, &.-weights #weights { display: block; }
        &.-activations #activations, &.-histogram #histogram { display: block; }
        &.-normal.-medium, &.-normal.-tall {  /* The table leaves room for the histograms. */
            &.-table #histogram, &.-histogram #table { display: block; }
        }
        &.-narrow, &.-short {
            ActivationsPane { layout: vertical; DigitView { display: none; } }
            #digit { width: 1fr; height: 1; margin: 0; }
            WeightsPane #unit { display: none; }
            WeightsPane.-enlarged #unit { display: block; }
        }
        &.-wide.-medium, &.-wide.-tall, &.-huge.-medium, &.-huge.-tall {
            #body { layout: grid; grid-size: 2 3; grid-columns: 6fr 5fr; }
            .part { display: block; }
            #weights { row-span: 3; }
            #digit { width: 20; DigitView { height: 10; } }
        }
        &.-huge.-tall {
            #digit { width: 28; DigitView { height: 14; } }
            WeightsPane #unit { width: 56; DigitView { height: 28; } }
        }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "part(1)", "Next part", id="model.next-part"),
        Binding("shift+tab", "part(-1)", "Previous part", show=False, id="model.previous-part"),
        Binding("n", "digit(1)", "Next digit", id="model.next-digit"),
        Binding("p", "digit(-1)", "Previous digit", show=False, id="model.previous-digit"),
        Binding("enter", "enlarge", "Enlarge", key_display="enter", id="model.enlarge"),
        Binding("d", "mode", "Drawing", id="model.mode"),
        Binding("left,h", "move(-1, 0)", "Left", show=False, id="model.left"),
        Binding("down,j", "move(0, 1)", "Down", show=False, id="model.down"),
        Binding("up,k", "move(0, -1)", "Up", show=False, id="model.up"),
        Binding("right,l", "move(1, 0)", "Right", show=False, id="model.right"),
        Binding("pageup", "page(-1)", "Previous page", show=False, id="model.page-up"),
        Binding("pagedown", "page(1)", "Next page", show=False, id="model.page-down"),
        Binding("home", "end(-1)", "First", show=False, id="model.first"),
        Binding("end", "end(1)", "Last", show=False, id="model.last"),
        Binding(
            "plus,equals_sign",
            "tiles(1)",
            "Larger pictures",
            key_display="+",
            show=False,
            id="model.larger",
        ),
        Binding(
            "minus",
            "tiles(-1)",
            "Smaller pictures",
            key_display="-",
            show=False,
            id="model.smaller",
        ),
    ]
    AUTO_FOCUS = ""

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.part: Part = "table"
        self.chosen_layer = 0

    def compose_body(self) -> ComposeResult:
        yield self.reason
        with Container(id="body"):
            yield WeightsPane(self.terminal, id="weights", classes="part")
            with Panel(id="table", classes="part"):
                yield LayerTable(self.terminal)
            yield ActivationsPane(self.terminal, id="activations", classes="part")
            with Panel(id="histogram", classes="part"):
                yield Histograms(self.terminal)

    def on_mount(self) -> None:
        self.action_go_to(self.part)

    def on_resize(self, _event: events.Resize) -> None:
        """Other parts may be seen now."""
        self.call_after_refresh(self._draw)

    # What is new

    @property
    def pace(self) -> float:
        pane = self.query_one(WeightsPane)
        return SHADED_PACE if pane.shaded and pane.display else PACE

    def show_progress(self) -> None:
        """Gradients follow every event."""
        super().show_progress()
        self._draw_table()

    def show_snapshot(self) -> None:
        """Look at the newest weights; the digit may be another."""
        super().show_snapshot()
        self._draw_activations()

    def draw(self) -> None:
        """Show the layers of other weights."""
        if self.shown is not None:
            self.chosen_layer = min(self.chosen_layer, len(self.shown.layers) - 1)
        self._draw()

    # Keys

    def action_part(self, step: int) -> None:
        """Choose the next or the previous part."""
        self.action_go_to(PARTS[(PARTS.index(self.part) + step) % len(PARTS)])

    def action_go_to(self, part: Part) -> None:
        """Choose a part: show it, and have the arrow keys go there."""
        self.part = part
        for name in PARTS:
            self.set_class(name == part, f"-{name}")
            self.query_one(f"#{name}").set_class(name == part, "-chosen")
        self.call_after_refresh(self._draw)

    def action_digit(self, step: int) -> None:
        """Go to the next or the previous digit of the split."""
        images = self.bench.images
        if images is not None:
            self.bench.index = (self.bench.index + step) % len(images)
            self._draw_activations()

    def action_enlarge(self) -> None:
        """Give the whole part to the selected unit, or to all again."""
        self.action_go_to("weights")
        self.query_one(WeightsPane).toggle_class("-enlarged")

    def action_move(self, right: int, below: int) -> None:
        """Move among the units, the layers or the digits, depending on the part."""
        if self.part == "weights":
            self.query_one(WeightsPane).move(right, below)
        elif self.part == "activations" and right:
            self.action_digit(right)
        else:
            self._select_layer(self.chosen_layer + right + below)

    def action_page(self, pages: int) -> None:
        """Move by a page of units, or to the first or last layer."""
        if self.part == "weights":
            self.query_one(WeightsPane).page(pages)
        else:
            self.action_end(pages)

    def action_end(self, direction: int) -> None:
        """Go to the first or the last unit or layer."""
        if self.part == "weights":
            self.query_one(WeightsPane).end(direction)
        elif self.shown is not None:
            self._select_layer(len(self.shown.layers) * direction)

    def action_tiles(self, step: int) -> None:
        """Draw the weights larger or smaller."""
        self.action_go_to("weights")
        self.query_one(WeightsPane).resize_tiles(step)

    def action_mode(self) -> None:
        """Draw with characters, or in shades where the terminal has them."""
        if shades_signs(self.terminal):
            self.bench.drawing.turn_shades()
            self.app.post_message(DrawingChosen())
            self._draw()

    def on_contact_sheet_selected(self) -> None:
        """A unit was clicked."""
        self.action_go_to("weights")

    def _select_layer(self, layer: int) -> None:
        if self.shown is not None:
            self.chosen_layer = min(max(layer, 0), len(self.shown.layers) - 1)
            self._draw("table", "activations", "histogram")

    # Drawing

    def _draw(self, *parts: Part) -> None:
        """Draw these parts, or all, as far as they are seen, with room for keys in between."""
        self._draw_titles()
        draws = {
            "table": self._draw_table,
            "weights": self._draw_weights,
            "activations": self._draw_activations,
            "histogram": self._draw_histogram,
        }
        for part in parts or PARTS:
            if self.query_one(f"#{part}").display:
                self.call_later(draws[part])

    def _draw_titles(self) -> None:
        """Name each part in its panel, or all parts where there is room for one or two."""
        wide = self.has_class("-wide") or self.has_class("-huge")
        all_seen = wide and not self.has_class("-short")
        names = (f"\\[{TITLES[p]}]" if p == self.part else TITLES[p] for p in PARTS)
        line = " ".join(
            f"[@click=screen.go_to('{p}')]{name}[/]" for p, name in zip(PARTS, names, strict=True)
        )
        if self.has_class("-narrow"):
            line = f"{TITLES[self.part]}, part {PARTS.index(self.part) + 1} of {len(PARTS)}"
        first = True
        for part in PARTS:
            panel = self.query_one(f"#{part}", Panel)
            if panel.display:
                title = line if first and not all_seen else TITLES[part]
                panel.show_titles(Content.from_markup(title), self.weights_shown if first else "")
                first = False

    def _draw_table(self) -> None:
        if self.shown is not None:
            history = self.bench.shown_history
            latest = history.latest if history else None
            norms = latest.gradient_norms if latest else ()
            self.query_one(LayerTable).show(self.shown.layers, norms, self.chosen_layer)
            self._fit_table()

    def _fit_table(self) -> None:
        """Make the table as high as its rows, as far as what is below it still has room."""
        panel, body = self.query_one("#table"), self.query_one("#body")
        height, frame = self.query_one(LayerTable).lines + 2, self.app.size.height
        alone = self.has_class("-narrow") or self.has_class("-short")
        grid = not alone and not self.has_class("-normal")
        panel.styles.height = "1fr" if alone or grid else min(height, frame // 2)
        body.styles.grid_rows = f"{min(height, frame // 3)} 1fr 1fr" if grid else "1fr"

    def _draw_weights(self) -> None:
        if self.shown is not None:
            predictor, dead = self.shown.snapshot.predictor, self.shown.layers[0].dead
            linear = predictor.model.linears[0]
            pane = self.query_one(WeightsPane)
            pane.draw_with(self.bench.drawing.pictures)
            edges = predictor.preprocessor.finds_edges is not None
            pane.show(linear.weight, linear.bias, dead, predictor.spec, edges=edges)

    def _draw_activations(self) -> None:
        images = self.bench.images
        if self.shown is None or images is None:
            return
        number = self.bench.index
        snapshot = self.shown.snapshot
        with np.errstate(all="ignore"):  # of weights that diverged
            seen = verdict(snapshot, images, number).seen
        self.query_one(ActivationsPane).show(
            picture(images, number),
            f"{self.bench.split} {number}: {seen}",
            self.shown.layers,
            activations(snapshot.predictor, images.images[number]),
            self.chosen_layer,
            images.spec,
            mode=self.bench.drawing.pictures,
        )

    def _draw_histogram(self) -> None:
        if self.shown is not None:
            self.query_one(Histograms).show(self.shown.layers, self.chosen_layer)
