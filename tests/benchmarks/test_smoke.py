"""The benchmarks run, and say what they promise; nothing is asked of how fast anything was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(module: str, *arguments: str) -> str:
    """Standard output of a benchmark that succeeds."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_compare_peers(tmp_path: Path) -> None:
    """With the peers that are installed; the other contenders always are."""
    file = tmp_path / "figures.json"
    tiny = ("--rounds=1", "--limit=1280", "--threads=1", "--nets", "784-64-16-10")
    printed = run("compare_peers", *tiny, "--json", str(file))
    results = json.loads(file.read_text())
    assert [result["optimizer"] for result in results] == ["momentum", "adam"]
    for result in results:
        assert {"ours", "floor", "by hand"} <= set(result["contenders"])
        assert result["net"] in printed


@pytest.mark.slow
def test_recipe_seeds(tmp_path: Path) -> None:
    file = tmp_path / "seeds.json"
    flags = ("--flag=--limit=640", "--flag=--epochs=1", "--seeds=2", f"--json={file}")
    printed = run("recipe_seeds", "sprint-98", "lecun-300", *flags)
    assert [line.split(" | ")[:2] for line in printed.splitlines()[2:]] == [
        ["| sprint-98", "2"],
        ["| lecun-300", "2"],
    ]
    results = json.loads(file.read_text())
    assert [(each["recipe"], each["seed"]) for each in results] == [
        ("sprint-98", 0),
        ("sprint-98", 1),
        ("lecun-300", 0),
        ("lecun-300", 1),
    ]
    assert all(each["processor_seconds"] > 0 for each in results)


@pytest.mark.slow
def test_time_to_accuracy(tmp_path: Path) -> None:
    """With the peers that are installed; ours always is."""
    file = tmp_path / "times.json"
    tiny = ("--limit=640", "--epochs=1", "--seeds=1", "--threads=1", "--json", str(file))
    printed = run("time_to_accuracy", "sprint-98", "default", *tiny)
    goals, recipes = printed.split("\n\n")
    assert goals.splitlines()[2].startswith("| 98% | sprint-98 | not reached (")
    assert len(goals.splitlines()) == 3, "the default recipe is for no accuracy"
    records = json.loads(file.read_text())
    assert len(recipes.splitlines()) == 2 + len(records)
    assert {"sprint-98", "default"} == {record["recipe"] for record in records}
    assert all(record["complete"] for record in records)


@pytest.mark.slow
def test_rest_of_path() -> None:
    printed = run("rest_of_path", "--rounds=1", "--limit=1280")
    for what in ("first step", "import of nn", "peak memory", "evaluation", "probabilities"):
        assert what in printed


@pytest.mark.slow
def test_saving_cost() -> None:
    assert run("saving_cost", "limit=1280", "epochs=1")


@pytest.mark.slow
def test_sweep_scale() -> None:
    assert "overhead a result" in run("sweep_scale", "--trials=30", "--workers=4", "--seconds=0")


@pytest.mark.slow
def test_sweep_speedup() -> None:
    printed = run("sweep_speedup", "--trials=2", "--epochs=1", "--rounds=1", "--limit=300")
    assert "speed-up on" in printed


@pytest.mark.slow
def test_runs_scale() -> None:
    assert run("runs_scale")


@pytest.mark.slow
def test_responsiveness() -> None:
    printed = run("responsiveness", "--quick")
    for what in ("first frame", "key to repainted screen", "bytes to the terminal", "training"):
        assert what in printed
