"""The application as its user has set it: theme, keys and drawing."""

from __future__ import annotations

from dataclasses import asdict

from textual.binding import Binding

from nn.errors import ConfigError, StorageError, did_you_mean
from tui.app.menus import MenuApp
from tui.app.preferences import Preferences, remember
from tui.app.state.messages import DrawingChosen
from tui.app.themes import BASIC_THEME, DEFAULT_THEME, default_variables, own_themes, palette_of
from tui.app.widgets.colors import use_palette


class PreferringApp(MenuApp):
    """Follows the user's preferences, and writes into their file what is chosen by a key."""

    preferences: Preferences

    def take_preferences(self, preferences: Preferences) -> None:
        """Begin with these; raises `ConfigError` for those that fit nothing here.

        That is a theme or a key that does not exist, or a key with two meanings.
        """
        self.preferences = preferences
        for own in own_themes():
            self.register_theme(own)
        source = f"{preferences.path}: " if preferences.path else ""
        if preferences.keys:
            # Imported late: it imports every screen, for which the first frame should not wait.
            from tui.app.keymap import check_keys

            try:
                check_keys(preferences.keys, type(self))
            except ConfigError as error:
                raise ConfigError(f"{source}keys: {error}") from None
            self.set_keymap(preferences.keys)
        theme = DEFAULT_THEME if self.terminal.colors != "16" else BASIC_THEME
        if preferences.theme is not None and self.terminal.colors != "none":
            if preferences.theme not in self.available_themes:
                near = did_you_mean(preferences.theme, self.available_themes)
                near = near or f"; known are {', '.join(sorted(self.available_themes))}"
                raise ConfigError(f"{source}theme={preferences.theme}: no such theme{near}")
            theme = preferences.theme
        self.begin_with_theme(theme)

    def key_of(self, binding: str, usual: str) -> str:
        """The key of the binding with this id: `usual`, or the first of the user's own."""
        if (own := self.preferences.keys.get(binding)) is None:
            return usual
        return self.get_key_display(Binding(own.split(",")[0].strip(), ""))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What style sheets use and a theme of Textual does not define."""
        return default_variables(self.current_theme)

    def watch_theme(self) -> None:
        """Draw charts and pictures in the colours that go with the theme."""
        super().watch_theme()
        use_palette(palette_of(self.current_theme))

    def on_drawing_chosen(self, _message: DrawingChosen) -> None:
        """Write how pictures are drawn into the user's settings."""
        if self.preferences.path is None:
            return
        try:
            remember(self.preferences.path, asdict(self.bench.drawing))
        except (ConfigError, StorageError, OSError) as error:
            self.notify(f"The drawing is not remembered: {error}", severity="warning")

    def on_mount(self) -> None:
        """Draw in the colours of the theme."""
        use_palette(palette_of(self.current_theme))
