"""The settings: keys, themes, and how pictures are drawn are read and remembered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets._toast import Toast

from nn.errors import ConfigError
from tests.support.scenarios import CONFIG, run, until
from tui.app.app import MnistApp
from tui.app.preferences import Preferences, load_preferences, remember
from tui.app.state.shown_run import Status
from tui.recording.experiment import Experiment
from tui.system.exits import ExitCode
from tui.system.terminal import Terminal


def test_keys_can_be_remapped() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await pilot.press("f2")
        assert app.current_mode == "digits"
        await pilot.press("1", "2")
        assert app.current_mode == "train"

    run(scenario, preferences=Preferences(keys={"app.digits": "f2"}))


def test_a_theme_is_taken_from_the_preferences_or_refused() -> None:
    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        assert app.theme == "nord"

    run(scenario, preferences=Preferences(theme="nord"))
    with pytest.raises(ConfigError, match="did you mean 'nord'"):
        run(scenario, preferences=Preferences(theme="nrod"))


def test_preferences_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("MNIST_TUI_CONFIG", str(path))
    with pytest.raises(ConfigError, match="No such file"):
        load_preferences()
    path.write_text('theme = "nord"\nmouse = false\n[keys]\n"app.quit" = "x,ctrl+x"\n')
    assert load_preferences() == Preferences("nord", False, keys={"app.quit": "x,ctrl+x"})
    for text, message in {
        "them = 'x'": "unknown setting 'them'; did you mean 'theme'",
        "'app.quit' = 'f10'": "'app.quit'; ids of keys belong below the line .keys.",
        "mouse = 'no'": "mouse='no': must be true or false",
        "keys = 3": "keys=3: must be a table",
        "digit = 'oil'": 'digit=\'oil\': must be "ascii" or "half" or "braille"',
        "lines = 'ascii'": 'lines=\'ascii\': must be "half" or "braille"',
        "[keys]\nx = 1": "must be text",
        "= 3": "not valid TOML",
    }.items():
        path.write_text(text)
        with pytest.raises(ConfigError, match=message):
            load_preferences()
    monkeypatch.delenv("MNIST_TUI_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    assert load_preferences() == Preferences()


def test_how_pictures_are_drawn_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "config.toml"

    async def scenario(app: MnistApp, pilot: Pilot[ExitCode]) -> None:
        await until(pilot, lambda: app.bench.status is Status.READY)
        await pilot.press("2")
        await app.run_action("mode", app.screen)
        await pilot.pause()
        assert app.bench.drawing.digit == "half"
        await pilot.press("1", "d")
        await pilot.pause()
        assert not app.bench.drawing.thin_lines

    run(scenario, preferences=Preferences(path=path))
    assert path.read_text() == 'digit = "half"\npictures = "half"\nlines = "half"\n'


def test_the_rest_of_the_settings_stays_as_it_is(tmp_path: Path) -> None:
    path, linked = tmp_path / "config.toml", tmp_path / "elsewhere.toml"
    linked.write_text("# mine\nmouse = false\ndigit = 'half' # blocks\n[keys]\n'app.quit' = 'x'\n")
    path.symlink_to(linked)
    remember(path, {"digit": "braille", "pictures": "ascii"})
    assert linked.read_text().splitlines() == [
        "# mine",
        "mouse = false",
        'digit = "braille"',
        'pictures = "ascii"',
        "[keys]",
        "'app.quit' = 'x'",
    ]
    assert path.is_symlink()
    for text in (
        'text = """\ndigit = 3\n"""\n',
        "'digit' = 'half'\n",
        "digit = \n",
        f"x = {'1' * 5000}\n",
    ):
        path.write_text(text)
        with pytest.raises(ConfigError, match="digit cannot be set in this file"):
            remember(path, {"digit": "half"})
        assert path.read_text() == text


def test_a_file_that_cannot_be_written_into_is_named_with_its_brackets(tmp_path: Path) -> None:
    """Its path was read as markup, which a slash within brackets made an error of."""
    path = tmp_path / "a[" / "b]" / "config.toml"
    path.parent.mkdir(parents=True)
    content = "# für mich\n".encode("latin-1")
    path.write_bytes(content)
    told = "The drawing is not remembered: "
    told += f"{path}: digit and pictures and lines cannot be set in this file; set them by hand"

    app = MnistApp(
        Experiment(CONFIG), terminal=Terminal(False, "full"), preferences=Preferences(path=path)
    )

    async def main() -> None:
        async with app.run_test(notifications=True) as pilot:
            await until(pilot, lambda: app.bench.status is Status.READY)
            await pilot.press("d")
            await until(pilot, lambda: app.screen.query(Toast))
            assert str(app.screen.query_one(Toast).render()) == told

    asyncio.run(main())
    assert path.read_bytes() == content
