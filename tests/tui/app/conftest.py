"""What the tests of the application share: quick pilots, and style sheets that are parsed once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual import screen
from textual._compositor import Compositor
from textual.app import App
from textual.css import stylesheet
from textual.css.model import RuleSet
from textual.pilot import Pilot

from tests.support.quiescence import (
    all_handled,
    refresh_soon,
    render_first_lines,
    render_whole,
    wait_for_quiescence,
)


@pytest.fixture(scope="package", autouse=True)
def quick_pilots() -> Iterator[None]:
    """A pilot goes on as soon as nothing is left to do; frames that nobody sees are not drawn."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("app", "pilot"):
            patch.setattr(f"textual.{module}.wait_for_idle", wait_for_quiescence)
        patch.setattr(Pilot, "_wait_for_screen", all_handled)
        patch.setattr(Compositor, "render_update", render_first_lines)
        patch.setattr(screen, "UPDATE_PERIOD", 3600)  # no frame but those that are waited for
        patch.setattr(App, "delay_update", refresh_soon)
        yield


@pytest.fixture
def whole_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames are rendered as for a terminal, for tests of what that costs or whether it works."""
    monkeypatch.setattr(Compositor, "render_update", render_whole)


@pytest.fixture(scope="session", autouse=True)
def parsed_once() -> Iterator[None]:
    """Keep what the style sheets of one application say for the next one.

    Textual parses those of all widgets and screens anew in each application, and again when a
    screen is first shown, which is a quarter of the time of these tests.
    """
    tokenize, parse = stylesheet.tokenize_values, stylesheet.parse
    tokens: dict[tuple[tuple[str, str], ...], Any] = {}
    rules: dict[tuple[object, ...], list[RuleSet]] = {}

    def tokenize_once(values: dict[str, str]) -> Any:
        key = tuple(values.items())
        if key not in tokens:
            tokens[key] = tokenize(values)
        return tokens[key]

    def parse_once(*place: Any, variable_tokens: Any, **options: Any) -> list[RuleSet]:
        # The tokens of variables are kept above, so that no others have the same identity.
        key = (*place, id(variable_tokens), *options.items())
        if key not in rules:
            rules[key] = list(parse(*place, variable_tokens=variable_tokens, **options))
        return rules[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stylesheet, "tokenize_values", tokenize_once)
        patch.setattr(stylesheet, "parse", parse_once)
        yield
