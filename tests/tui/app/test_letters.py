"""One letter means one thing: the help's table, the footer, the help and the palette agree."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.scenarios import run
from tui.app import keymap
from tui.app.app import MnistApp
from tui.app.screens import MODES
from tui.app.screens.about import ABOUT
from tui.app.screens.help import MOVING, key_lines
from tui.app.screens.letters import MEANINGS
from tui.app.widgets.hints import KeyHints
from tui.system.exits import ExitCode

DIALOGS = {*keymap.TYPED, "quit", "delete", "stop", "prompt", "help", "rate"} - {"form"}
ANSWERS = {f"{group}.{letter}" for group in ("tour", "lessons") for letter in "abc"}
"""The letters that stand beside the answers of a question, while it is asked."""
MOVES = {*MOVING, "h", "j", "k", "l"}


def test_a_key_has_one_meaning_and_a_meaning_its_keys() -> None:
    keys = [key for row in MEANINGS for key in row.keys]
    ids = [name for row in MEANINGS for name in row.ids]
    assert len(set(keys)) == len(keys)
    assert len(set(ids)) == len(ids)
    assert [row.words for row in MEANINGS if "," in row.words] == [], "one meaning in a row"
    assert len({row.words for row in MEANINGS}) == len(MEANINGS)
    bound: dict[str, set[str]] = {}
    for binding in keymap._bindings(MnistApp):
        group = (binding.id or "").split(".")[0]
        known = group not in {*DIALOGS, "", "app"} and binding.id not in ANSWERS
        if known and binding.key not in MOVES and binding.id:
            bound.setdefault(binding.id, set()).add(binding.key)
    table = {name: set(row.keys) for row in MEANINGS for name in row.ids}
    missing = sorted(set(bound) - set(table))
    assert not missing, f"without a row in screens/letters.py: {missing}"
    assert sorted(set(table) - set(bound)) == [], "of no binding"
    wrong = {name: keys for name, keys in bound.items() if not keys <= table[name]}
    assert not wrong, "keys that mean something else on other screens"


def test_footer_help_and_palette_name_the_same_keys() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        for name, mode in MODES.items():
            if mode.key:
                await pilot.press(mode.key)
            else:
                app.switch_mode(name)
            await pilot.pause()
            assert app.current_mode == name
            lines = key_lines(app.screen)
            texts_of_the_toolkit = ("Focus", "Copy", "super+")
            assert not any(text in line for text in texts_of_the_toolkit for line in lines)
            assert any("Command palette" in line for line in lines)
            told = [line.split("  ", 1) for line in lines]
            footer = app.screen.query_one(KeyHints).shown
            assert footer, name
            for binding, key in footer:
                keys = [keys for keys, words in told if words.strip() == binding.description]
                assert key.split()[0] in " ".join(keys).split(), (name, key)
            titles = {command.title for command in app.commands()}
            listed = {b.description for b, _ in footer if b.key not in MOVING}
            assert listed <= titles
            assert ABOUT[name]

    run(scenario)
