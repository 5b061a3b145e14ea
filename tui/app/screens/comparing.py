"""Reads two saved runs and compares them, and trains more seeds of both, on threads."""

from __future__ import annotations

from nn.storage.runs import SavedRun
from tui.app.screens.base import ModeScreen
from tui.app.state.background import LatestWish, Throttle
from tui.app.state.comparison import Comparer, Comparison
from tui.app.state.workbench import Workbench
from tui.app.widgets.strips import printable
from tui.recording.folder import runs_folder
from tui.system.terminal import Terminal

LOOK_INTERVAL = 1.5
"""Seconds between two looks at runs that are being trained."""
PAUSE = 10
"""The pause after a look is at least so many times as long as the look took."""
SEEDS_INTERVAL = 1.0
"""Seconds between two drawings of how the training of more seeds goes on."""


class ComparingScreen(ModeScreen):
    """Looks at the two runs again while one is trained, and after each run of another seed.

    A subclass draws `comparison`, which is None before the first look, and `error`, why there is
    no newer one, and has keys for the actions `seeds` and `stop`.
    """

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.comparison: Comparison | None = None
        self.error = ""
        self._runs: tuple[SavedRun, SavedRun] | None = None
        self._comparer: Comparer | None = None
        self._reading = LatestWish(
            "comparing", Comparer.look, self.post_message, self._show_comparison, self._show_error
        )
        self._ended = 0
        self._seeds = Throttle(self.draw_seeds, self.set_timer, SEEDS_INTERVAL)

    def draw(self) -> None:
        """Show the present state."""
        raise NotImplementedError

    def draw_digits(self) -> None:
        """Show what concerns the digits and the seeds."""
        raise NotImplementedError

    def draw_seeds(self) -> None:
        """Show how the training of more seeds goes on, and the keys that it allows."""
        self.refresh_bindings()
        self.draw_digits()

    def on_mount(self) -> None:
        self.set_interval(LOOK_INTERVAL, self._look_again)

    def catch_up(self) -> None:
        """Read the runs that are to be compared now."""
        super().catch_up()
        if self.bench.compared is not self._runs:
            self._runs, self.comparison, self._comparer = self.bench.compared, None, None
        if self._comparer is None:
            self.error = ""
            if self._runs is not None:
                root = runs_folder(self.bench.saving.runs_dir)
                self._comparer = Comparer(self._runs, root, self.bench.dataset)
        self._look()
        self.draw()

    def _look(self) -> None:
        if self._comparer is not None:
            self._reading.want(self._comparer)

    def _look_again(self) -> None:
        """Read them again if there is something new, unless the last time took too long."""
        if not self.is_current or self.comparison is None or not self._reading.rested(PAUSE):
            return
        ended = self.bench.seeds.ended if self.bench.seeds else 0
        if self.comparison.live or ended != self._ended:
            self._ended = ended
            self._look()

    def _show_comparison(self, comparer: Comparer, comparison: Comparison) -> None:
        if comparer is self._comparer:  # unless others were chosen meanwhile
            self.comparison = comparison
            self.draw()

    def _show_error(self, _comparer: Comparer, error: Exception) -> None:
        self._comparer = None
        self.error = printable(str(error), ascii_only=self.terminal.ascii_only)
        self.draw()

    def show_seeds(self) -> None:
        """Draw how the training of more seeds goes on, once a second."""
        self._seeds.request()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """Whether a key does anything."""
        seeds = self.bench.seeds
        return action != "stop" or (seeds is not None and seeds.active)

    def action_seeds(self) -> None:
        """Train both settings with more seeds, or tell why not."""
        if (comparison := self.comparison) is None:
            return
        refusal, dataset = self._refusal(comparison), comparison.dataset
        if refusal or dataset is None:
            self.notify(refusal, severity="warning")
            return
        self.bench.train_seeds(comparison.seeds.missing(), dataset)
        self._ended = 0
        self.draw_seeds()

    def _refusal(self, comparison: Comparison) -> str:
        """The reason why no more seeds are trained now; empty where they can be."""
        training = self.bench.seeds
        if training is not None and training.active:
            return f"More seeds are being trained; {self.key_of('compare.stop', 'x')} stops that."
        if not self.bench.saving.save_run:
            return "More seeds are trained as saved runs, and this sitting saves none."
        for side in comparison.sides:
            if side.live:
                return f"{side.letter} is being trained; more seeds can be trained after it."
        return comparison.seeds.refusal or comparison.reason

    def action_stop(self) -> None:
        """Train no more seeds; those that were begun stay."""
        self.bench.stop_seeds()
        self.draw_seeds()
