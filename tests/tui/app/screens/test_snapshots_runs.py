"""Pictures of the saved runs, and of other screens that show one; the numbers are written down."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.storage.metrics import METRICS_FILE
from tests.support.charts import draw_at_once
from tests.support.networks import recognizer
from tests.support.saved_runs import (
    Sitting,
    append,
    recorded,
    runs_app,
    save_run,
    simulated,
    write_record,
)
from tests.support.sizes import SIZES
from tests.support.training_script import epoch, finished, started
from tui.app.app import MnistApp
from tui.app.state.messages import DataLoaded
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode

SnapCompare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No time zone, and nothing that trains."""
    with simulated(), monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, small: Dataset) -> Path:
    """Thirty runs, of which the first two have networks; no test changes them."""
    folder = tmp_path_factory.mktemp("runs")
    config = TrainConfig(hidden=(16,))
    for number, trained in ((0, False), (1, True)):
        network = recognizer(config, small.train, trained=trained)
        name = f"2026110{number + 1}-093000-lincoln-tanh"
        run = save_run(folder, name, network=network, sha256=small.sha256, recipe="lincoln-tanh")
        rates = {"learning_rate": (0.02, 0.5)[number], "optimizer": ("sgd", "momentum")[number]}
        changed = TrainConfig.layered(run.record.config.to_dict(), rates)
        write_record(run.path, run.record, config=changed)
        (run.path / METRICS_FILE).unlink()
        rising = [epoch(n, accuracy=0.9 - 0.2 / n**0.5 + 0.03 * number) for n in range(1, 5)]
        append(run.path, recorded([started(changed), *rising, finished(4)]))
    labels = ("two-layer-net", "relu-cross-entropy")
    for number in range(3, 29):
        done = number % 7
        save_run(
            folder,
            f"202611{number:02}-{number % 24:02}1500-{labels[number % 2]}",
            done=done,
            of=6,
            accuracy=0.9 + number / 300,
            status="finished" if done == 6 else "interrupted",
        )
    return folder


def pressing(
    app: MnistApp, *keys: str, dataset: Dataset | None = None, until: str = ""
) -> Callable[[Pilot[ExitCode]], Coroutine[Any, Any, None]]:
    async def play(pilot: Pilot[ExitCode]) -> None:
        at = Sitting(app, pilot)
        await at.until(lambda: app.bench.loading)
        if dataset is not None:
            app.post_message(DataLoaded("", dataset))
        await at.until(at.shows("28 runs"))
        await pilot.press(*keys)
        await at.until(at.shows(until))
        await pilot.pause()

    return play


def name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_runs(snap_compare: SnapCompare, root: Path, size: tuple[int, int]) -> None:
    app = runs_app(root)
    keys = pressing(app, "j", "space", "j", "space", "j", "j")
    assert snap_compare(app, terminal_size=size, run_before=keys)


def test_ascii_runs(snap_compare: SnapCompare, root: Path) -> None:
    app = runs_app(root, ascii_only=True, colors="none")
    keys = pressing(app, "slash", *"two", "enter", "o", "x")
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys)


def test_runs_in_light(snap_compare: SnapCompare, root: Path) -> None:
    app = runs_app(root)
    app.theme = "mnist-light"
    keys = pressing(app, "j", "space", "j", "space", "j", "j")
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys)


def test_runs_in_sixteen_colours(snap_compare: SnapCompare, root: Path) -> None:
    app = runs_app(root, colors="16")
    keys = pressing(app, "j", "space", "j", "space", "j", "j")
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_opened(
    snap_compare: SnapCompare, root: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_at_once(monkeypatch)
    app = runs_app(root)
    opened = pressing(app, "j", "space", "j", "j", "enter", until="5/6")
    assert snap_compare(app, terminal_size=size, run_before=opened)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_compared(
    snap_compare: SnapCompare, root: Path, small: Dataset, size: tuple[int, int]
) -> None:
    app = runs_app(root)
    until = "B train" if size[0] < 80 else "A mistakes"
    keys = pressing(app, "end", "space", "k", "v", dataset=small, until=until)
    assert snap_compare(app, terminal_size=size, run_before=keys)


def test_compared_in_light(snap_compare: SnapCompare, root: Path, small: Dataset) -> None:
    app = runs_app(root)
    app.theme = "mnist-light"
    keys = pressing(app, "end", "space", "k", "v", "tab", dataset=small, until="A mistakes")
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys)


@pytest.mark.parametrize("colors", ["16", "none"])
def test_compared_on_poor_terminals(
    snap_compare: SnapCompare, root: Path, small: Dataset, colors: ColorMode
) -> None:
    app = runs_app(root, ascii_only=colors == "none", colors=colors)
    keys = pressing(app, "end", "space", "k", "v", "tab", dataset=small, until="A mistakes")
    assert snap_compare(app, terminal_size=(80, 24), run_before=keys)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_digits_of_two_runs(
    snap_compare: SnapCompare, root: Path, small: Dataset, size: tuple[int, int]
) -> None:
    app = runs_app(root)
    compared = pressing(app, "end", "space", "k", "v", dataset=small, until=" 4 ")

    async def opened(pilot: Pilot[ExitCode]) -> None:
        at = Sitting(app, pilot)
        await compared(pilot)
        await at.until(lambda: getattr(app.screen, "comparison", None))
        await at.press("enter")
        # Not before the whole split is predicted.
        await at.until(at.shows("1/3" if size[0] < 80 else "1 of 3"))
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=opened)
