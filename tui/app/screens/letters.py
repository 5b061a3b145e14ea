"""What each key means, once for all screens; the help shows this table.

Keys that move the cursor, that are typed, and those of dialogs are left out.
"""

from __future__ import annotations

from typing import NamedTuple


class Meaning(NamedTuple):
    """Keys, as Textual names them, with their meaning and the ids of all bindings that have it."""

    keys: tuple[str, ...]
    words: str
    ids: tuple[str, ...]


def _row(keys: str, words: str, ids: str) -> Meaning:
    return Meaning(tuple(keys.split()), words, tuple(ids.split()))


MEANINGS = (
    _row(
        "space",
        "the main thing on a screen",
        "train.run draw.pen tour.on runs.overlay form.next-value",
    ),
    _row(
        "enter",
        "open what is chosen",
        "digits.open confusion.open compare.open model.enlarge walk.enter lessons.open runs.open"
        " sweep.open form.accept",
    ),
    _row("slash", "find", "digits.outcome train.recipes runs.filter sweep.filter form.find"),
    _row("o", "order", "digits.order runs.order sweep.order"),
    _row("O", "the other way round", "digits.swap compare.swap"),
    _row(
        "n",
        "the next one",
        "digits.next_mistake confusion.next model.next-digit walk.page-down lessons.next"
        " train.play-on compare.next-cell",
    ),
    _row(
        "p N",
        "the one before",
        "digits.previous_mistake confusion.previous model.previous-digit walk.page-up"
        " train.play-back compare.previous-cell",
    ),
    _row("g", "the digit of an index", "digits.index draw.load walk.add"),
    _row("R", "a digit at random", "digits.random"),
    _row(
        "d",
        "how pictures and lines are drawn",
        "digits.mode draw.mode compare.lines train.draw model.mode walk.mode",
    ),
    _row("i", "as the network is fed it", "digits.input draw.preview"),
    _row(
        "v",
        "another view",
        "digits.sheet train.overlay walk.part lessons.side runs.compare compare.measure"
        " sweep.picture",
    ),
    _row("a", "filter by the actual label", "digits.label"),
    _row("A", "filter by the predicted label", "digits.predicted"),
    _row("F", "follow the training or stay", "browse.follow"),
    _row("f", "set up a new one", "train.form sweep.new"),
    _row("s", "one step", "train.step walk.step"),
    _row("e", "one epoch", "train.epoch"),
    _row("b", "back to what was before", "walk.back train.best draw.undo"),
    _row("r", "start anew", "train.reset walk.restart lessons.start"),
    _row("u", "go on with what has ended", "runs.resume sweep.resume train.more"),
    _row(
        "x delete",
        "do away with it",
        "compare.stop train.stop draw.eraser walk.remove lessons.skip runs.delete sweep.stop",
    ),
    _row("c", "clear", "train.forget draw.clear walk.first"),
    _row("C", "a committee", "runs.committee"),
    _row("w", "to the walk and back", "digits.walk tour.lesson lessons.walk"),
    _row("t", "with Train", "walk.network lessons.train runs.train compare.train"),
    _row(
        "plus equals_sign",
        "more",
        "compare.seeds train.rate-up draw.brush model.larger lessons.hint",
    ),
    _row("minus", "less", "train.rate-down draw.smaller-brush model.smaller"),
    _row("P", "play all back", "train.play-all"),
    _row("less_than_sign", "slower", "train.slower"),
    _row("greater_than_sign", "faster", "train.faster"),
    _row("y", "logarithmic scale", "compare.log train.log"),
    _row("m", "move a weight a little", "walk.nudge"),
    _row("M", "measure a learning rate", "train.find-rate"),
    _row("S", "smooth curves", "train.smooth"),
    _row("G", "gradients", "train.gradients"),
    _row("z", "another x axis", "compare.axis train.zoom"),
    _row("full_stop", "a dot", "draw.dot"),
    _row(
        "H J K L shift+left shift+down shift+up shift+right",
        "shift the drawing",
        "draw.shift-left draw.shift-down draw.shift-up draw.shift-right",
    ),
    _row("ctrl+o", "open a file", "runs.import"),
    _row("ctrl+r", "the recipe's value", "form.restore"),
)
"""Every key of a screen; no key is in two rows, and no row has two meanings."""
