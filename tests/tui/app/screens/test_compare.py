"""The screen that compares two saved runs."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest
from textual import events

from nn.data.dataset import Dataset
from nn.errors import StorageError
from tests.support.compared import NAMES, compare_screen, open_pair, save_pair
from tests.support.messages import notes
from tests.support.saved_runs import Sitting, play, runs_app, save_run
from tui.app.screens.digits import DigitsScreen
from tui.app.state.comparison import Comparer, Comparison
from tui.app.widgets.agreement import AgreementTable
from tui.app.widgets.chart import Chart
from tui.recording.folder import display_name


def chart_of(at: Sitting, kind: str) -> Chart:
    return compare_screen(at).query_one(f"#{kind}", Chart)


def names_of(at: Sitting) -> list[str]:
    return [one.name for one in chart_of(at, "accuracy")._series]


def test_everything_about_two_runs(tmp_path: Path, small: Dataset) -> None:
    save_pair(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        assert "A poor-net" in at.text
        assert "B good-net" in at.text
        assert sorted(names_of(at)) == ["A test", "A training", "B test", "B training"]
        assert "lr" in at.text
        assert "hardly chance (p < 0.001)" in at.text
        assert "1 seed of both" in at.text
        chart, loss = chart_of(at, "accuracy"), chart_of(at, "loss")
        await at.press("left", "left", "left")
        await at.until(at.shows("at epoch 2"))
        await at.press("z")
        assert "at epoch" not in at.text
        assert chart.x_label == "step"
        await at.press("left")
        await at.until(at.shows("at step 40"))
        await at.press("escape", "z", "z", "v", "y")  # the first escape hides the cursor
        assert chart.x_label == "epoch"
        assert loss.y_log
        assert not chart.y_log
        await at.press("v", "d", "O")
        await at.until(at.shows("A good-net", "B poor-net"))
        await at.press("escape")
        assert at.app.current_mode == "runs"

    play(runs_app(tmp_path), scenario, dataset=small)


@pytest.mark.slow
@pytest.mark.parametrize("same_loss", [True, False])
def test_a_wide_screen_shows_all_charts_that_compare(
    tmp_path: Path, small: Dataset, *, same_loss: bool
) -> None:
    save_pair(tmp_path, small, loss="cross-entropy" if same_loss else "binary-cross-entropy")

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        chart, loss = chart_of(at, "accuracy"), chart_of(at, "loss")
        assert chart.has_focus
        assert chart.display
        assert loss.display is same_loss
        if same_loss:
            await at.press("left", "left")
            assert loss.cursor_x == chart.cursor_x is not None
            await at.press("v", "left", "y")
            assert loss.has_focus
            assert loss.y_log
            assert loss.cursor_x == chart.cursor_x
            await at.until(at.shows(f"at epoch {loss.cursor_x:g}"))
            turned = events.MouseScrollUp(loss, 0, 0, 0, 0, 0, shift=False, meta=False, ctrl=False)
            loss.post_message(turned)
            await at.until(lambda: loss.zoom < 1)
            assert chart.zoom == loss.zoom

    play(runs_app(tmp_path), scenario, (200, 50), dataset=small)


def test_the_cell_with_the_cursor_is_highlighted_while_it_has_the_focus(
    tmp_path: Path, small: Dataset
) -> None:
    save_pair(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        table = compare_screen(at).query_one(AgreementTable)

        def highlighted() -> bool:
            lines = [table.render_line(y) for y in range(table.size.height)]
            return any(one.style and one.style.reverse for line in lines for one in line)

        assert not highlighted()
        await at.press("tab")
        assert highlighted()
        await at.press("shift+tab")
        assert not highlighted()

    play(runs_app(tmp_path), scenario, dataset=small)


def test_the_digits_of_a_cell_with_what_both_say(tmp_path: Path, small: Dataset) -> None:
    save_pair(tmp_path, small)

    def listed(at: Sitting) -> list[int]:
        screen = at.app.screen
        assert isinstance(screen, DigitsScreen)
        indices: list[int] = screen.listing.indices.tolist()
        return indices

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        digits = compare_screen(at).comparison.digits  # type: ignore[union-attr]
        assert digits is not None
        found = digits.found
        await at.press("tab", "down", "left")  # B right, A wrong
        assert compare_screen(at).query_one(AgreementTable).cell == "second_only"
        await at.press("enter")
        await at.until(lambda: at.app.current_mode == "digits")
        await at.until(
            at.shows("B right, A wrong", display_name(NAMES[0]), "A poor-net  B good-net")
        )
        await at.until(lambda: listed(at) == list(found.second_only))
        said = int(digits.outputs[0].predicted[found.second_only[0]])
        label = int(small.test.labels[found.second_only[0]])
        await at.until(at.shows(f"A {said} ", f"B {label} "))  # what both predict
        await at.press("tab")  # other images were not compared
        assert at.bench.split == "test"
        if found.first_only:
            await at.press("O")
            await at.until(at.shows("A right, B wrong", display_name(NAMES[1])))
            await at.until(lambda: listed(at) == list(found.first_only))
        await at.press("escape")
        await at.until(lambda: at.app.current_mode == "compare")
        assert at.bench.opened is None
        assert at.bench.browser.query.chosen is None

    play(runs_app(tmp_path), scenario, dataset=small)


def test_the_keys_for_the_next_one_and_for_train(tmp_path: Path, small: Dataset) -> None:
    _, second = save_pair(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await open_pair(at)
        table = compare_screen(at).query_one(AgreementTable)
        cells = []
        for key in "nnnnp":
            await at.press(key)
            cells.append(table.cell)
        assert cells == ["second_only", "neither", "both", "first_only", "both"]
        assert table.has_focus
        await at.press("t")
        await at.until(lambda: at.app.current_mode == "train")
        assert at.bench.config == second.record.config

    play(runs_app(tmp_path), scenario, dataset=small)


def test_the_failure_of_a_pair_that_was_left_is_not_that_of_the_next_one(
    tmp_path: Path, small: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_pair(tmp_path, small)
    look, begun, chosen = Comparer.look, Event(), Event()

    def fail_at_first(comparer: Comparer) -> Comparison:
        if begun.is_set():
            return look(comparer)
        begun.set()
        assert chosen.wait(60)
        raise StorageError("no such run")

    monkeypatch.setattr(Comparer, "look", fail_at_first)

    async def scenario(at: Sitting) -> None:
        await at.press("end", "space", "home", "v")
        await at.until(begun.is_set)
        await at.press("O")
        chosen.set()
        await at.until(at.shows("A good-net", "B poor-net"))
        assert "no such run" not in at.text

    play(runs_app(tmp_path), scenario, dataset=small)


def test_a_small_screen_shows_one_panel_at_a_time(tmp_path: Path, small: Dataset) -> None:
    save_pair(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        await at.press("end", "space", "home", "v")
        screen = compare_screen(at)
        await at.until(lambda: screen.comparison)
        for words in ("Values", "B right", "What differs", "A poor-net"):
            await at.press("tab")
            await at.until(at.shows(words))
        await at.press("shift+tab", "shift+tab")
        await at.until(at.shows("[", "A mistakes"))
        await at.press("right", "enter")
        await at.until(lambda: at.app.current_mode == "digits" or "no such digit" in notes(at.app))

    play(runs_app(tmp_path), scenario, (40, 15), dataset=small)


def test_what_does_not_compare_is_told(tmp_path: Path, small: Dataset) -> None:
    save_pair(tmp_path, small, loss="binary-cross-entropy")
    save_run(tmp_path, "20261103-100000-elsewhere", done=0, status="failed")

    async def scenario(at: Sitting) -> None:
        at.app.switch_mode("compare")
        await at.until(at.shows("mark them in Runs"))
        await at.press(*["enter", "tab", "v", "z", "plus", "O", "left", "enter", "escape"])
        await at.press("end", "space", "up", "v")
        await at.until(at.shows("only accuracies compare"))
        await at.press("v")
        assert "their losses do not compare" in notes(at.app)
        assert sorted(names_of(at)) == ["A test", "A training", "B test", "B training"]
        await at.press("escape", "home", "v")
        await at.until(at.shows("trained on different data"))
        await at.press("plus", "enter")
        assert at.bench.seeds is None
        assert at.app.current_mode == "compare"

    play(runs_app(tmp_path), scenario, dataset=small)


def test_a_run_that_is_gone_is_told(tmp_path: Path, small: Dataset) -> None:
    first, second = save_pair(tmp_path, small)

    async def scenario(at: Sitting) -> None:
        at.bench.compared = first, second
        record = (second.path / "run.json").read_text()
        (second.path / "run.json").unlink()
        at.app.switch_mode("compare")
        await at.until(at.shows("run.json: No such file"))
        (second.path / "run.json").write_text(record)
        await at.press("escape")
        at.app.switch_mode("compare")  # read once more
        await at.until(at.shows("A right"))
        assert "No such file" not in at.text

    play(runs_app(tmp_path), scenario, (120, 40), dataset=small)
