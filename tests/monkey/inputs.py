"""Random inputs, the same for the same seed: keys, bursts, pastes, mouse, sizes, signals, files."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from typing import NamedTuple


class Action(NamedTuple):
    """One input, and the seconds to wait after it.

    `kind` is "write" (`value` is the text typed), "leave" (a key that leaves unless a run is under
    way, typed only then), "resize" (columns, rows), "signal" (its name) or "event" (a name in
    `tests.monkey.background`, and a number that chooses among its cases).
    """

    kind: str
    value: str | list[int] | list[str | int]
    pause: float


SPECIAL_KEYS = {
    "up": "\x1b[A",
    "down": "\x1b[B",
    "right": "\x1b[C",
    "left": "\x1b[D",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "shift+tab": "\x1b[Z",
    "shift+up": "\x1b[1;2A",
    "shift+down": "\x1b[1;2B",
    "shift+right": "\x1b[1;2C",
    "shift+left": "\x1b[1;2D",
    "ctrl+right": "\x1b[1;5C",
    "ctrl+left": "\x1b[1;5D",
    "f1": "\x1bOP",
    "f5": "\x1b[15~",
    "alt+x": "\x1bx",
    "tab": "\t",
    "enter": "\r",
    "escape": "\x1b",
    "backspace": "\x7f",
}
# Ctrl+C and Ctrl+Q leave, and Ctrl+Backslash ends a process whose terminal is not in raw mode.
_CONTROL_KEYS = [chr(ord(key) - 96) for key in string.ascii_lowercase if key not in "cq"]
_PRINTABLE = [key for key in string.printable[:95] if key != "q"]
# Keys that open each screen and dialog, with a few that are at home there.
_VISITS = {
    "train": (
        "1",
        [" ", "e", "s", "x", "r", "+", "-", "y", "S", "z", "v", "c", "\t", "left", "right", "f"],
    ),
    "rate range": ("1M", ["enter", "escape", "left", "right", "up", "down", "y"]),
    "form": ("1f", ["down", "up", "right", "left", "1", "9", "0", ".", "backspace", "enter", " "]),
    "recipes": ("1/", ["down", "up", "enter", "end", "pagedown", "escape"]),
    "digits": (
        "2",
        ["n", "N", "/", "o", "g", "R", "a", "A", "d", "v", "O", "F", "w", "\t", "enter"],
    ),
    "confusion": ("3", ["left", "up", "down", "right", "n", "enter", "\t", "F", "escape"]),
    "model": ("4", ["\t", "n", "p", "enter", "d", "+", "-", "j", "k", "pagedown"]),
    "draw": (
        "5",
        [" ", "x", "b", "c", "g", "i", "+", "-", ".", "left", "down", "H", "L", "escape"],
    ),
    "runs": ("6", ["enter", " ", "u", "v", "/", "o", "x", "y", "up", "down", "0"]),
    "sweep": (
        "7",
        ["enter", "f", "x", "u", "v", "/", "o", "left", "right", "escape", "0"],
    ),
    "new sweep": (
        "7flearning_rate=0.01,0.1\t\x7f\x7f2",
        ["enter", "enter", "escape", "\t", "backspace", "h", "=", "1"],
    ),
    "lessons": (
        "8",
        [
            "enter",
            "v",
            "left",
            "right",
            "up",
            "down",
            "+",
            "n",
            "x",
            "t",
            "r",
            "escape",
            "pagedown",
        ],
    ),
    "model file": ("6\x0fmodel.npz", ["enter", "enter", "escape", "backspace", "x", "\x15"]),
    "other file": ("6\x0ftext.txt", ["enter", "escape"]),
    "walk": (
        "9",
        ["s", "b", "enter", "escape", "m", "r", "g", "t", "c", "x", "\t", "d", "right", "j"],
    ),
    "help": ("?", ["down", "pagedown", "escape", "enter", "end"]),
    "palette": ("\x10", ["down", "pagedown", "enter", "escape", "t", "h", "e", "d", "backspace"]),
    "exports": ("", ["\x13", "\x05", "0"]),
}
_PASTES = [
    "0.5",
    "64-16",
    "hello",
    "",
    "\t\t",
    "ünïcödé ４２",
    "/etc",
    "1\n2\n3\n",
    "-1",
    "x" * 3000,
]
EVENTS = (
    *("copy", "remove", "damage", "append", "start", "kill", "remove-all", "foreign"),
    *("start-sweep", "damage-sweep", "damage-lessons"),
)
_WEIGHTS = {
    "visit": 30,
    "keys": 20,
    "burst": 12,
    "paste": 4,
    "mouse": 12,
    "resize": 8,
    "signal": 3,
    "event": 6,
    "calm": 6,
    "leave": 1,
}


def actions(seed: int) -> Iterator[Action]:
    """An endless sequence of inputs."""
    rng = random.Random(seed)
    columns, rows = 80, 24
    while True:
        kind = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
        if kind == "visit":
            opening, home = rng.choice(list(_VISITS.values()))
            if opening:
                yield Action("write", _maybe_split(rng, opening), _pause(rng))
            for _ in range(rng.randint(1, 12)):
                yield Action("write", _key(rng.choice(home)), _pause(rng))
        elif kind == "keys":
            for _ in range(rng.randint(1, 10)):
                yield Action("write", _any_key(rng), _pause(rng))
        elif kind == "burst":
            opening, home = rng.choice(list(_VISITS.values()))
            keys = [_key(rng.choice(home)) for _ in range(rng.randint(1, 8))]
            yield Action("write", opening + "".join(keys), _pause(rng))
        elif kind == "paste":
            yield Action("write", f"\x1b[200~{rng.choice(_PASTES)}\x1b[201~", _pause(rng))
        elif kind == "mouse":
            yield from _mouse(rng, columns, rows)
        elif kind == "resize":
            columns, rows = _size(rng)
            yield Action("resize", [columns, rows], _pause(rng))
        elif kind == "signal":
            yield Action("signal", rng.choice(["SIGTSTP", "SIGCONT", "SIGWINCH"]), _pause(rng))
        elif kind == "event":
            yield Action("event", [rng.choice(EVENTS), rng.randrange(1000)], _pause(rng))
        elif kind == "leave":
            yield Action("leave", rng.choice("q\x11\x03"), _pause(rng))
            yield Action("write", rng.choice(["\x1b", "c", "n", "down", "\x1b[B\r"]), _pause(rng))
        else:
            yield Action("write", " ", rng.uniform(0.2, 1.5))


def _pause(rng: random.Random) -> float:
    return rng.choice([0.0, 0.0, 0.005, 0.02, 0.05, 0.1, 0.3])


def _key(name: str) -> str:
    return SPECIAL_KEYS.get(name, name)


def _any_key(rng: random.Random) -> str:
    return rng.choice([*SPECIAL_KEYS.values(), *_PRINTABLE, *_PRINTABLE, *_CONTROL_KEYS])


def _maybe_split(rng: random.Random, keys: str) -> str:
    """Keys that open a screen, now and then with an Enter or Escape behind them in one write."""
    return keys + rng.choice(["", "", "", "\r", "\r\r", "\x1b", "\x1b[6~"])


def _size(rng: random.Random) -> tuple[int, int]:
    if rng.random() < 0.2:
        return rng.randint(1, 30), rng.randint(1, 10)
    return rng.randint(40, 200), rng.randint(15, 50)


def _mouse(rng: random.Random, columns: int, rows: int) -> Iterator[Action]:
    """A click, a drag, a move or the wheel, in SGR coordinates, sometimes outside the screen."""

    def event(button: int, x: int, y: int, final: str = "M") -> Action:
        return Action("write", f"\x1b[<{button};{x};{y}{final}", rng.choice([0.0, 0.0, 0.02]))

    x, y = rng.randint(1, columns + 2), rng.randint(1, rows + 1)
    kind = rng.choice(["click", "click", "double", "drag", "wheel", "move"])
    if kind in ("click", "double"):
        for _ in range(1 if kind == "click" else 2):
            button = rng.choice([0, 0, 0, 1, 2])
            yield event(button, x, y)
            yield event(button, x, y, "m")
    elif kind == "drag":
        yield event(0, x, y)
        for _ in range(rng.randint(1, 10)):
            x = max(1, x + rng.randint(-6, 6))
            y = max(1, y + rng.randint(-3, 3))
            yield event(32, x, y)
        if rng.random() < 0.9:
            yield event(0, x, y, "m")
    elif kind == "wheel":
        button = rng.choice([64, 65, 66, 67])
        for _ in range(rng.randint(1, 10)):
            yield event(button, x, y)
    else:
        for _ in range(rng.randint(1, 10)):
            yield event(35, rng.randint(1, columns), rng.randint(1, rows))
