"""Computes a walk on a thread, so that keys do not wait, and keeps what is wanted of it."""

from __future__ import annotations

from dataclasses import replace

from nn.errors import ConfigError
from tui.app.screens.base import ModeScreen
from tui.app.state.background import LatestWish
from tui.app.state.walking import (
    MOST_IMAGES,
    Pick,
    Walker,
    WalkView,
    Wanted,
    Weight,
    first_images,
    walk_config,
)
from tui.app.state.workbench import Workbench
from tui.app.widgets.prompt import Prompt
from tui.system.terminal import Terminal


class WalkingScreen(ModeScreen):
    """Has the wanted step computed, always the newest wish; a subclass draws `view` in `draw`.

    The keys that choose the images and the network are here too; a subclass has a `Prompt`.

    `view` is None until there is one. `of_train` is whether the network of the configuration is
    walked in place of the default one.
    """

    def __init__(self, bench: Workbench, terminal: Terminal) -> None:
        super().__init__(bench, terminal)
        self.view: WalkView | None = None
        self.wanted: Wanted | None = None
        self.of_train = False
        self.image = 0  # the chosen one
        self.computing = LatestWish(
            "walking", Walker().look, self.post_message, self._show_view, self._refuse
        )

    def draw(self) -> None:
        """Show the present view."""
        raise NotImplementedError

    def begun(self) -> None:
        """Another walk is wanted than the one that is shown."""

    def begin(self) -> None:
        """Want the walk that the workbench describes now, from its first step if it is another."""
        if (tour := self.bench.tour) is not None:
            data = tour.tour.data()  # read already: the lesson has shown them
            wanted = Wanted(tour.tour.config, data, first_images(data))
        elif (dataset := self.bench.dataset) is not None:
            picks = tuple(self.bench.picked) or first_images(dataset)
            config = walk_config(self.bench.config if self.of_train else None)
            wanted = Wanted(config, dataset, picks, of_train=self.of_train)
        else:
            return
        fresh = tour is not None and tour.place is None
        if fresh or self.wanted is None or not wanted.same_walk(self.wanted):
            self.want(wanted)
            self.begun()

    def want(self, wanted: Wanted) -> None:
        """Have this computed, once what is being computed is done."""
        self.wanted = wanted
        self.computing.want(wanted)

    @property
    def shows_wanted_walk(self) -> bool:
        """Whether no other walk is being computed, whose network may have other weights."""
        view, wanted = self.view, self.wanted
        return view is not None and wanted is not None and wanted.same_walk(view.wanted)

    def go(self, step: int) -> None:
        """Want another step."""
        if self.wanted is not None:
            self.want(replace(self.wanted, step=max(step, 0)))

    def nudge(self, weight: Weight | None) -> None:
        """Want a weight to be nudged, or none."""
        if self.wanted is not None:
            self.want(replace(self.wanted, weight=weight))

    def _show_view(self, wanted: Wanted, view: WalkView) -> None:
        self.view = view
        if self.wanted is wanted and view.step < wanted.step:  # it has diverged
            self.wanted = replace(wanted, step=view.step)
        self.draw()

    def _refuse(self, wanted: Wanted, error: Exception) -> None:
        """Name the reason, and go back to the default network."""
        if not isinstance(error, ConfigError | MemoryError):
            raise error
        self.of_train = False
        self.begin()
        if self.wanted is wanted:
            self.wanted = None
        self.show_note(str(error))
        self.draw()

    # Images and networks

    def action_add(self) -> None:
        """Ask for the index of a training image, which joins the others."""
        dataset = self.bench.dataset
        if dataset is None:
            return
        last = len(dataset.train) - 1

        def add(index: int | None) -> None:
            if index is None:
                return
            if index > last:
                self.show_note(f"There is no training image {index}: the last one is {last}")
                return
            picks = tuple(self.bench.picked) or first_images(dataset)
            self._replace_images((*picks, Pick.of("train", dataset.train, index)))

        self.query_one(Prompt).ask(f"Training image, 0 to {last}", len(str(last)), add)

    def action_remove(self) -> None:
        """Walk without the chosen image."""
        if self.view is not None:
            picks = self.view.picks
            if len(picks) == 1:
                self.show_note("One image must stay")
            else:
                self._replace_images((*picks[: self.image], *picks[self.image + 1 :]))

    def action_first(self) -> None:
        """Walk with the first training images again."""
        self._replace_images(())

    def _replace_images(self, picks: tuple[Pick, ...]) -> None:
        if len(picks) > MOST_IMAGES:
            key = self.key_of("walk.remove", "x")
            self.show_note(f"A walk has {MOST_IMAGES} images at most; {key} leaves one out")
            return
        self.show_note("")
        self.bench.picked = list(picks)
        self.begin()

    def action_network(self) -> None:
        """Walk the network that Train is set to, or that of the notes again."""
        self.of_train = not self.of_train
        self.show_note("")
        self.begin()
