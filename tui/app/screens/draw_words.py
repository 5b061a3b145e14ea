"""What the draw screen says: the network's guess, the pen, and what each layer passes on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nn.analysis.inspection import activations
from nn.network.predictor import Predictor
from nn.spec import DataSpec
from tui.app.state.board import Board
from tui.app.state.shown_run import Snapshot
from tui.app.widgets.activation_view import LayerActivity
from tui.app.widgets.headline import Headline
from tui.images.field import Pixels

_CHOICES = 3  # classes that the guess names at most
_LEAST_LIKELY = 0.005  # below this a second choice is none


def guess(
    probabilities: Sequence[float], spec: DataSpec, invitation: str, *, narrow: bool
) -> Headline:
    """The likeliest class in figures, and the next ones; `invitation` where there is none."""
    best = max(probabilities, default=0.0)
    if not probabilities or best != best:
        diverged = "no answer" if narrow else "The network has diverged: no answer."
        return Headline("", None, (), invitation if not probabilities else diverged)
    ranked = sorted(range(len(probabilities)), key=lambda at: -probabilities[at])
    name = spec.names[ranked[0]]
    words: list[str] = []
    for at in ranked[:_CHOICES]:
        if not words:
            start = "It is:" if spec.has_names else "It is a"
            words.append(f"{start} {name}, {best:.1%}")
        elif probabilities[at] >= _LEAST_LIKELY:
            words.append(f"or {spec.named(at)}, {probabilities[at]:.1%}")
    return Headline(name, None, words, f"{name}  {best:.1%}" if narrow else words[0])


def state(board: Board, snapshot: Snapshot | None, *, narrow: bool) -> str:
    """The pen, where it is, and which network guesses."""
    pen = "pen up" if not board.down else ("drawing" if board.tool == "brush" else "erasing")
    if snapshot is None:
        network = ""
    elif snapshot.untrained:
        network = "untrained" if narrow else "untrained: guesses"
    else:
        network = snapshot.name
    if narrow:
        tool = "" if board.tool == "brush" or board.down else " e"
        return f"{pen} {board.brush}px{tool}\n{network}"
    place = f"row {board.row + 1}, column {board.column + 1}"
    return f"{pen}, {board.tool} {board.brush}x{board.brush}\n{place}\n{network}"


def activity(predictor: Predictor, field: Pixels) -> list[LayerActivity]:
    """What each layer passes on of the picture."""
    with np.errstate(all="ignore"):  # of weights that diverged
        outputs = activations(predictor, field)
    last, name = len(outputs), predictor.config.activation
    return [
        LayerActivity(
            "output of each class" if number == last else f"{number} {name}, {len(values):,} units",
            values,
            numeric=number == last,
        )
        for number, values in enumerate(outputs, 1)
    ]
