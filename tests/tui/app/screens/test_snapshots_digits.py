"""Pictures of the digits and the confusion screen, with fixed predictions of MNIST's images."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from nn.data.dataset import Dataset
from tests.support.scripted import ScriptedRun, mistaken, predicted, scripted_app
from tests.support.sizes import SIZES
from tui.app.app import MnistApp
from tui.system.exits import ExitCode
from tui.system.terminal import ColorMode

SnapCompare = Callable[..., bool]


def an_app(mnist: Dataset, mode: str, colors: ColorMode = "full") -> MnistApp:
    """Eight epochs over the first 1,000 test images, each with fewer mistakes than the last."""
    run = ScriptedRun({"test": mnist.test[:1000]})
    for every in (1, 2, 2, 3, 4, 6, 9, 15, 18):
        run.advance(mistaken(mnist.test.labels[:1000], every))
    return scripted_app(run, mode, ascii_only=colors == "none", colors=colors)


def pressing(app: MnistApp, *keys: str) -> Callable[[Pilot[ExitCode]], object]:
    async def play(pilot: Pilot[ExitCode]) -> None:
        await predicted(app, pilot)
        await pilot.press(*keys)
        await pilot.pause()

    return play


def name(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_digits(snap_compare: SnapCompare, mnist: Dataset, size: tuple[int, int]) -> None:
    app = an_app(mnist, "digits")
    keys = pressing(app, "slash", "o", "o", "right")
    assert snap_compare(app, terminal_size=size, run_before=keys)


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_contact_sheet(snap_compare: SnapCompare, mnist: Dataset, size: tuple[int, int]) -> None:
    app = an_app(mnist, "digits")
    assert snap_compare(app, terminal_size=size, run_before=pressing(app, "d", "v", "n"))


def test_ascii_digits(snap_compare: SnapCompare, mnist: Dataset) -> None:
    app = an_app(mnist, "digits", "none")
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing(app, "n", "v", "l", "v"))


def test_prompt(snap_compare: SnapCompare, mnist: Dataset) -> None:
    app = an_app(mnist, "digits")
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing(app, "g", "4", "2"))


@pytest.mark.parametrize("size", SIZES, ids=name)
def test_confusion(snap_compare: SnapCompare, mnist: Dataset, size: tuple[int, int]) -> None:
    app = an_app(mnist, "confusion")
    assert snap_compare(app, terminal_size=size, run_before=pressing(app, "n"))


def test_confusion_in_sixteen_colours(snap_compare: SnapCompare, mnist: Dataset) -> None:
    app = an_app(mnist, "confusion", "16")
    assert snap_compare(app, terminal_size=(80, 24), run_before=pressing(app, "n"))
