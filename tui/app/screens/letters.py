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
        "go, hold on: the main thing",
        "train.run draw.pen tour.on runs.overlay form.next-value",
    ),
    _row(
        "enter",
        "open, go inside",
        "digits.open confusion.open compare.open model.enlarge walk.enter lessons.open runs.open"
        " sweep.open form.accept",
    ),
    _row(
        "slash",
        "filter, find",
        "digits.outcome train.recipes runs.filter sweep.filter form.find",
    ),
    _row("o", "order", "digits.order runs.order sweep.order"),
    _row("O", "the other way round", "digits.swap compare.swap"),
    _row(
        "n",
        "next",
        "digits.next_mistake confusion.next model.next-digit walk.page-down lessons.next"
        " train.play-on",
    ),
    _row(
        "p N",
        "the one before",
        "digits.previous_mistake confusion.previous model.previous-digit walk.page-up"
        " train.play-back",
    ),
    _row("g", "go to an index", "digits.index draw.load walk.add"),
    _row("R", "one at random", "digits.random"),
    _row(
        "d",
        "how pictures and lines are drawn",
        "digits.mode draw.mode compare.lines train.draw model.mode walk.mode",
    ),
    _row("i", "as the network is fed it", "digits.input draw.preview"),
    _row(
        "v",
        "another view",
        "digits.sheet train.overlay walk.part lessons.side runs.compare sweep.picture",
    ),
    _row("a", "filter by the actual label", "digits.label"),
    _row("A", "filter by the predicted label", "digits.predicted"),
    _row("F", "follow the training, or stay", "browse.follow"),
    _row("f", "set up a new one", "train.form sweep.new"),
    _row("s", "step", "train.step walk.step"),
    _row("e", "epoch", "train.epoch"),
    _row("b", "back", "walk.back train.best"),
    _row("r", "start anew", "train.reset walk.restart lessons.start"),
    _row("u", "undo, take up again, go on", "draw.undo runs.resume sweep.resume train.more"),
    _row(
        "x delete",
        "stop, remove, leave out",
        "compare.stop train.stop draw.eraser walk.remove lessons.skip runs.delete sweep.stop",
    ),
    _row("c", "clear, forget", "train.forget draw.clear walk.first"),
    _row("C", "a committee", "runs.committee"),
    _row("w", "walk", "digits.walk tour.lesson lessons.walk"),
    _row("t", "with Train", "walk.network lessons.train runs.train"),
    _row(
        "plus equals_sign",
        "more, larger",
        "compare.seeds train.rate-up draw.brush model.larger lessons.hint",
    ),
    _row("minus", "less, smaller", "train.rate-down draw.smaller-brush model.smaller"),
    _row("P", "play all back", "train.play-all"),
    _row("less_than_sign", "slower", "train.slower"),
    _row("greater_than_sign", "faster", "train.faster"),
    _row("y", "logarithmic scale", "compare.log train.log"),
    _row("m", "measure, smooth", "compare.measure train.smooth walk.nudge"),
    _row("M", "measure a learning rate", "train.find-rate"),
    _row("G", "gradients", "train.gradients"),
    _row("z", "zoom, axis", "compare.axis train.zoom"),
    _row("full_stop", "a dot", "draw.dot"),
    _row(
        "H J K L shift+left shift+down shift+up shift+right",
        "shift the drawing",
        "draw.shift-left draw.shift-down draw.shift-up draw.shift-right",
    ),
    _row("ctrl+o", "open a file", "runs.import"),
    _row("ctrl+r", "the recipe's value", "form.restore"),
)
"""Every key of a screen; no key is in two rows."""
