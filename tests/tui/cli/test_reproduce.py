"""`mnist-tui reproduce`: which recipes run, the table, and the exit code."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nn.data.dataset import Dataset
from nn.recipes import Published, Recipe, load_recipe
from tui.cli.commands import reproduce as command
from tui.system.exits import ExitCode


def published(low: float, high: float, *, epoch: int | None = None, below: str = "") -> Published:
    """A test accuracy, with a tolerance of a point."""
    return Published(epoch, None, "test_accuracy", low, high, 0.01, 1.0, above="", below=below)


@pytest.fixture
def recipes(tiny: Dataset, monkeypatch: pytest.MonkeyPatch) -> dict[str, Recipe]:
    """Three small recipes: two with published numbers, one of those out of reach."""
    config = replace(load_recipe("default").config, hidden=(8,), batch_size=40, epochs=2)
    base = replace(load_recipe("default"), config=config, published=())
    known = {
        "modest": replace(
            base, name="modest", published=(published(0.0, 1.0, epoch=1), published(0.0, 1.0))
        ),
        "boast": replace(
            base, name="boast", published=(published(1.5, 1.5, below="was boasting"),)
        ),
        "silent": replace(base, config=replace(config, data_dir="not to be loaded")),
    }
    monkeypatch.setattr(command, "load_recipe", known.__getitem__)
    monkeypatch.setattr(command, "recipe_names", lambda: sorted(known))
    monkeypatch.setattr(command, "load_once", {"": tiny}.__getitem__)
    return known


@pytest.mark.usefixtures("recipes")
def test_what_is_reproduced_succeeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.reproduce("modest") is ExitCode.SUCCESS
    out, err = capsys.readouterr()
    header, first, last = out.splitlines()
    assert header.split() == ["recipe", "at", "what", "published", "obtained", "verdict"]
    assert first.split()[:6] == ["modest", "epoch", "1", "test", "acc.", "0.00-100.00%"]
    assert last.split()[1:3] == ["the", "end"]
    assert all(line.endswith("within") for line in (first, last))
    assert err == "2 of 2 published numbers reproduced\n"


@pytest.mark.usefixtures("recipes")
def test_what_is_not_reproduced_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.reproduce("modest", "boast") is ExitCode.FAILURE
    out, err = capsys.readouterr()
    row, reason = out.splitlines()[-2:]
    assert row.split()[-1] == "below"
    assert "150.00%" in row
    assert reason.strip() == "was boasting"
    assert err == "2 of 3 published numbers reproduced\n"


@pytest.mark.usefixtures("recipes")
def test_all_is_every_recipe_with_published_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.reproduce(everything=True, json=True) is ExitCode.FAILURE
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["recipe"] for each in objects] == ["boast", "modest", "modest"]
    assert [each["verdict"] for each in objects] == ["below", "within", "within"]
    assert [each["reason"] for each in objects] == ["was boasting", "", ""]
    assert objects[1]["published"]["epoch"] == 1
    assert objects[1]["step"] == 3


@pytest.mark.slow
def test_a_recipe_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.reproduce("two-layer-net") is ExitCode.SUCCESS
    assert capsys.readouterr().out.splitlines()[-1].endswith("within")
