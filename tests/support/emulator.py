"""What a terminal shows of the bytes that a program wrote: the sequences that the program uses."""

from __future__ import annotations

import codecs
import re

from rich.cells import get_character_cell_size

_TOKEN = re.compile(
    r"\x1b\[([<=>?]?)([\d;]*)[ -/]*([@-~])|\x1b\].*?(?:\x07|\x1b\\)|\x1b[^\[\]]|([^\x1b]+)",
    re.DOTALL,
)


class Emulator:
    """The cells of a terminal, each a character with the codes of its style."""

    def __init__(self, columns: int, rows: int) -> None:
        self.cells = [[(" ", "")] * columns for _ in range(rows)]
        self.row = self.column = 0
        self._pen: list[str] = []
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    @property
    def text(self) -> str:
        """The lines of the screen."""
        return "\n".join("".join(character for character, _ in row) for row in self.cells)

    def feed(self, data: bytes) -> None:
        """Take what the program wrote; a sequence may end in a later piece."""
        text = self._rest + self._decode(data)
        end = 0
        for token in _TOKEN.finditer(text):
            if token.start() != end:
                break
            end = token.end()
            private, numbers, final, written = token.groups()
            if written is not None:
                for character in written:
                    self._put(character)
            elif final == "m" and not private:
                self._select(numbers)
            elif final == "H":
                row, _, column = numbers.partition(";")
                self.row, self.column = int(row or 1) - 1, int(column or 1) - 1
            elif final == "C":
                self.column += int(numbers or 1)
            elif numbers == "1049":  # another screen
                self.cells = [[(" ", "")] * len(row) for row in self.cells]
        self._rest = text[end:]

    def _put(self, character: str) -> None:
        if character == "\n":
            self.row += 1
        elif character == "\r":
            self.column = 0
        elif character >= " " and self.row < len(self.cells):
            row = self.cells[self.row]
            self.column = min(self.column, len(row) - 1)
            row[self.column] = character, self._style()
            for _ in range(get_character_cell_size(character) - 1):
                self.column += 1
                row[min(self.column, len(row) - 1)] = "", ""
            self.column += 1

    def _select(self, numbers: str) -> None:
        codes = iter(numbers.split(";"))
        for code in codes:
            if code in ("", "0"):
                self._pen = []
            elif code in ("38", "48"):
                kind = next(codes)
                values = [next(codes) for _ in range(3 if kind == "2" else 1)]
                self._add(code[0], ";".join((code, kind, *values)))
            elif code in ("39", "49"):
                self._add(code[0], "")
            elif code.startswith("10") or (len(code) == 2 and code[0] == "4"):
                self._add("4", code)
            elif len(code) == 2 and code[0] in "39":
                self._add("3", code)
            else:
                self._pen = [*(each for each in self._pen if each != code), code]

    def _add(self, kind: str, code: str) -> None:
        """Replace the colour of the text (3) or of the background (4)."""
        starts = (kind, {"3": "9", "4": "10"}[kind])
        self._pen = [each for each in self._pen if len(each) == 1 or not each.startswith(starts)]
        self._pen += [code] if code else []

    def _style(self) -> str:
        return ";".join(sorted(self._pen))
