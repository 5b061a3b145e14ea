"""Only changed cells are sent to the terminal, which shows the same as if all were."""

from __future__ import annotations

import random

from tests.support.emulator import Emulator
from tui.app.shown_cells import ShownCells

COLUMNS, ROWS = 30, 6
STYLES = (
    "",
    "1",
    "38;2;1;2;3",
    "1;38;2;1;2;3;48;2;4;5;6",
    "48;2;4;5;6",
    "4;31",
    "7",
    "92;103",
    "38;5;9",
)


def update(chance: random.Random) -> str:
    """Some lines as Textual writes them: a move, texts that each reset their style, a line feed."""
    parts = []
    for row in sorted(chance.sample(range(1, ROWS + 1), chance.randint(1, ROWS))):
        column = chance.randint(1, COLUMNS)
        parts.append(f"\x1b[{row};{column}H")
        while column <= COLUMNS and chance.random() < 0.8:
            text = "".join(chance.choices("  aab⣿│", k=chance.randint(1, COLUMNS + 1 - column)))
            style = chance.choice(STYLES)
            parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
            column += len(text)
        parts.append("\n")
    return "".join(parts) + f"\x1b[1;{chance.randint(1, 2)}H"


def seen(emulator: Emulator) -> list[list[tuple[str, str]]]:
    """The cells, without what is not seen of a blank: the colour and the weight of its text."""
    return [
        [(c, _seen_of_blank(style) if c == " " else style) for c, style in row]
        for row in emulator.cells
    ]


def _seen_of_blank(style: str) -> str:
    codes = style.split(";")
    if codes[0] in ("4", "7") or codes[-1] in ("4", "7"):
        return style
    return style[style.index("48;2") :][:10] if "48;2" in style else "103" * ("103" in codes)


def test_the_terminal_shows_the_same_of_fewer_bytes() -> None:
    chance = random.Random(3)
    plain, sparing, shown = Emulator(COLUMNS, ROWS), Emulator(COLUMNS, ROWS), ShownCells()
    before = after = 0
    for number in range(200):
        data = update(chance)
        if number % 50 == 25:
            shown.forget()
        changes = shown.changes(data)
        before, after = before + len(data), after + len(changes)
        plain.feed(data.encode())
        sparing.feed(changes.encode())
        assert seen(sparing) == seen(plain)
        assert (sparing.row, sparing.column) == (plain.row, plain.column)
    assert after < 0.9 * before


def test_what_is_shown_already_is_not_sent_again() -> None:
    shown = ShownCells()
    shown.changes("\x1b[1;1H" + "-" * 20 + "\n\x1b[2;1H" + "-" * 20 + "\x1b[1;1H")
    assert shown.changes("\x1b[1;1H\x1b[1m12\x1b[0m of \x1b[1m30\x1b[0m\x1b[1;1H") != ""
    assert shown.changes("\x1b[1;1H\x1b[1m13\x1b[0m of \x1b[1m30\x1b[0m\x1b[1;1H") == (
        "\x1b[1;2H\x1b[1m3\x1b[m\x1b[1;1H"
    )
    assert shown.changes("\x1b[1;1H\x1b[1m13\x1b[0m of \x1b[1m30\x1b[0m\x1b[1;1H") == ""


def test_the_whole_screen_is_repaired_by_an_update_of_all_of_it() -> None:
    shown, whole = ShownCells(), "\x1b[1;1H12345\n\x1b[2;1H67890\x1b[1;1H"
    first = shown.changes(whole)
    assert shown.changes(whole) == first
    assert shown.changes("\x1b[2;1H67890\x1b[1;1H") == ""


def test_what_is_not_understood_is_sent_as_it_is() -> None:
    shown = ShownCells()
    shown.changes("\x1b[1;1H12345\n\x1b[2;1H67890\x1b[1;1H")
    for data in ("\x1b[?1000h", "\x07", "\x1b[1;1H漢字a\x1b[1;1H", "\x1b[1;1H\x1b[K\x1b[1;1H"):
        assert shown.changes(data) == data
    assert "67890" in shown.changes("\x1b[2;1H67890\x1b[1;1H")
    shown.changes("\x1b[?1049h")
    assert "67890" in shown.changes("\x1b[2;1H67890\x1b[1;1H")
