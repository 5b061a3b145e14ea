"""What a terminal shows, cell by cell, so that only cells that change are sent to it.

Textual sends the lines of a refreshed region whole, each from the left edge of its widget, and
resets the colours behind every piece of text. Over a slow link that is most of the traffic.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rich.cells import cell_len

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x1b\n]+)|\n")
_STARTS = re.compile(r"\x1b\[\d+;\d+H")
_DRAWN_ON_BLANKS = frozenset(("4", "5", "6", "7", "9", "21", "53"))
"""Underline, blinking, reverse, strike and overline are seen on a blank too."""
_GAP = 4
"""Unchanged cells in a row that are sent again, since to pass over them takes as many bytes."""


class ShownCells:
    """The characters and styles of a terminal that only one program writes to.

    A style is the text of the codes that select it (ECMA-48, "select graphic rendition").
    """

    def __init__(self) -> None:
        self._rows: dict[int, tuple[list[str], list[str]]] = {}
        self._cursor = ""

    def forget(self) -> None:
        """Take nothing for known: the terminal shows something else, or has another size."""
        self._rows.clear()
        self._cursor = ""

    def changes(self, data: str) -> str:
        """The part of an update that changes what is shown; anything else than an update, whole.

        An update that paints the whole screen is sent whole too, so that it also repairs what
        another program wrote there.
        """
        if not _STARTS.match(data):
            if "\x1b[?1049" in data or "\x1b[2J" in data:  # the other screen, or an empty one
                self.forget()
            return data
        texts: list[tuple[int, int, str, str]] = []
        row, column, pen, cursor, position = 1, 1, "", "", 0
        for token in _TOKEN.finditer(data):
            if token.start() != position:
                break
            position = token.end()
            line, place, codes, text = token.groups()
            if line is not None:
                row, column, cursor = int(line), int(place), token[0]
            elif codes is not None:
                pen = "" if codes in ("", "0") else f"{pen};{codes}" if pen else codes
            elif text is not None:
                if not text.isascii() and cell_len(text) != len(text):
                    position = -1
                    break
                texts.append((row, column, text, pen))
                column, cursor = column + len(text), ""
        if position != len(data):  # a sequence or a character of a width that is not followed here
            self.forget()
            return data
        if sum(len(text) for _, _, text, _ in texts) >= sum(
            len(row[0]) for row in self._rows.values()
        ):
            self.forget()
        changed: dict[int, set[int]] = {}
        for row, column, text, pen in texts:
            self._put(row, column, text, pen, changed.setdefault(row, set()))
        return self._painted(changed, cursor)

    def _put(self, row: int, column: int, text: str, pen: str, changed: set[int]) -> None:
        """Take over a text, and note the columns in which it changes something."""
        column -= 1  # from 0
        characters, pens = self._rows.setdefault(row, ([], []))
        end = column + len(text)
        if len(characters) < end:
            missing = end - len(characters)
            characters += [""] * missing
            pens += [""] * missing
        blank = _on_blank(pen)
        for x, character in enumerate(text, column):
            style = blank if character == " " else pen
            if characters[x] != character or pens[x] != style:
                characters[x], pens[x] = character, style
                changed.add(x)

    def _painted(self, changed: dict[int, set[int]], cursor: str) -> str:
        """The sequences that paint the changed columns of each row."""
        parts: list[str] = []
        pen = ""
        for row, columns in changed.items():
            characters, pens = self._rows[row]
            at = -1
            for x in sorted(columns):
                if at < 0:
                    parts.append(f"\x1b[{row};{x + 1}H")
                elif x != at:
                    between = range(at, x)
                    if len(between) <= _GAP and all(
                        characters[i].isascii()
                        and characters[i]
                        and _shows(pen, characters[i], pens[i])
                        for i in between
                    ):
                        parts.append("".join(characters[at:x]))
                    else:
                        parts.append(f"\x1b[{x - at}C")
                if not _shows(pen, characters[x], pens[x]):
                    parts.append(_change(pen, pens[x]))
                    pen = pens[x]
                parts.append(characters[x])
                at = x + 1
        if pen:
            parts.append("\x1b[m")
        if cursor and (parts or cursor != self._cursor):
            parts.append(cursor)
        self._cursor = cursor
        return "".join(parts)


def _shows(pen: str, character: str, style: str) -> bool:
    """Whether a character has this style when it is written with that pen."""
    return pen == style or (character == " " and _on_blank(pen) == style)


@lru_cache(maxsize=1024)
def _parts(style: str) -> tuple[frozenset[str], str, str]:
    """The attributes, the colour of the text and that of the background."""
    attributes: set[str] = set()
    colors = {"3": "", "4": ""}
    codes = iter(style.split(";") if style else ())
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes)
            values = [next(codes) for _ in range(3 if kind == "2" else 1)]
            colors[code[0]] = ";".join((code, kind, *values))
        elif code in ("39", "49"):
            colors[code[0]] = ""
        elif len(code) == 2 and code[0] in "34":
            colors[code[0]] = code
        elif code[:1] == "9" and len(code) == 2:
            colors["3"] = code
        elif len(code) == 3:
            colors["4"] = code
        else:
            attributes.add(code)
    return frozenset(attributes), colors["3"], colors["4"]


@lru_cache(maxsize=1024)
def _on_blank(style: str) -> str:
    """The style of a blank: its background, unless something is drawn on it."""
    attributes, _, background = _parts(style)
    return background if attributes.isdisjoint(_DRAWN_ON_BLANKS) else style


@lru_cache(maxsize=4096)
def _change(before: str, after: str) -> str:
    """The shortest sequence that leads from one style to another."""
    anew = f"\x1b[0;{after}m" if after and before else f"\x1b[{after}m"
    old, new = _parts(before), _parts(after)
    if old[0] - new[0]:
        return anew
    codes = sorted(new[0] - old[0])
    codes += [new[1] or "39"] if old[1] != new[1] else []
    codes += [new[2] or "49"] if old[2] != new[2] else []
    return min(anew, f"\x1b[{';'.join(codes)}m", key=len) if codes else ""
