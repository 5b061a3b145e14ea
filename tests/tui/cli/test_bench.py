"""`mnist-tui bench`: what it prints; no test looks at how fast anything was."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nn.analysis.matrix_products import MatrixProducts
from nn.config import TrainConfig
from nn.spec import MNIST
from tests.support.commands import call_command, environment, refused, run_command
from tests.support.machine import Machine
from tui.cli.bench.benchmark import ContenderError, Process, doubt_of
from tui.cli.bench.contenders import NETS, OPTIMIZERS
from tui.system.layout_memory import Case, Choice, recall, replace_choices
from tui.system.quota import available_cores


@pytest.mark.slow
def test_table() -> None:
    """The conditions first, with what in the environment decides on the speed; then the rows."""
    forced = {"OPENBLAS_CORETYPE": "Haswell"}
    result = run_command("bench", "--seconds=0.01", "--no-peers", "--threads=1", env=forced)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("threads 1, ")
    assert "OPENBLAS_CORETYPE=Haswell is set" in lines
    rows = lines[lines.index("") + 2 :][:10]
    assert [line.split()[:2] for line in rows] == [[n, o] for n in NETS for o in OPTIMIZERS]
    assert all("?" in row for row in rows), "so few turns are never worth anything"
    assert any(line.startswith("? worthless in ") for line in lines)
    assert any(line.startswith("this took ") for line in lines)
    assert max(map(len, lines)) <= 80


def test_json_and_no_module_of_the_working_directory(tmp_path: Path) -> None:
    for name in ("json", "numpy", "resource", "signal", "runpy", "nn", "tui"):
        (tmp_path / f"{name}.py").write_text(f"raise SystemExit('{name} of the working directory')")
    flags = ["--seconds=0.01", "--no-peers", "--threads=1", "--json"]
    words = [sys.executable, "-W", "error", "-P", "-m", "tui", "bench", *flags]
    result = subprocess.run(
        words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["net"], row["optimizer"]) for row in rows] == [
        (n, o) for n in NETS for o in OPTIMIZERS
    ]
    for row in rows:
        assert set(row["seconds"]) == {"ours", "floor"}
        assert row["threads"] == 1
        assert row["doubt"]
        assert row["samples_per_second"] == pytest.approx(60_000 / row["seconds"]["ours"])


@pytest.fixture
def two_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """A machine on which two processes are faster, and nothing is remembered."""
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    return Machine(monkeypatch, 2, seconds=lambda layout: 0.001 / layout.processes)


def test_cores(two_cores: Machine) -> None:
    result = call_command("bench", "--cores")
    assert (result.returncode, result.stderr) == (0, "")
    about, _, _, *rows = result.stdout.splitlines()
    assert "cores 2, threads 2" in about
    assert [row.split() for row in rows] == [
        ["784-128-10", "128", "1", "x", "2", "1.000", "128,000"],
        ["1", "x", "1", "1.000", "128,000"],
        ["2", "x", "1", "0.500", "256,000", "chosen"],
    ]
    assert max(map(len, rows)) <= 80


def test_cores_that_are_measured_anew_are_those_of_later_runs(two_cores: Machine) -> None:
    wide = TrainConfig(hidden=(50, 20), batch_size=100)
    kept = Choice(Case.of(wide, MNIST, 2), 2, 1, ())
    elsewhere = Choice(replace(kept.case, machine="another"), 2, 1, ())
    replace_choices([elsewhere, kept])
    two_cores.seconds = lambda layout: 0.001 * layout.total
    result = call_command("bench", "--cores", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["case"]["config"]["hidden"] for line in lines] == [[128], [50, 20]]
    for line in lines:
        assert (line["processes"], line["threads"]) == (1, 1)
        assert len(line["timings"]) == 3
    found = recall(kept.case)
    assert found is not None
    assert (found.processes, found.threads) == (1, 1)
    assert recall(elsewhere.case) == elsewhere


def test_on_one_core_nothing_is_to_choose(two_cores: Machine, monkeypatch: Any) -> None:
    Machine(monkeypatch, 1)
    *_, row = call_command("bench", "--cores").stdout.splitlines()
    assert row.split() == ["784-128-10", "128", "1", "x", "1"]


def test_threads_beyond_the_cores_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.cli.commands.bench.measure", lambda *_: [])
    monkeypatch.setattr("tui.cli.commands.bench.limit_threads", lambda threads: threads)
    result = call_command("bench", "--no-peers", "--threads=1000")
    assert result.stdout.startswith(f"threads {available_cores()}, ")
    (line,) = result.stderr.splitlines()
    assert line.startswith("mnist-tui: warning: threads=1000: ")


@pytest.mark.parametrize("flag", ["--seconds=0", "--seconds=nan", "--threads=-1"])
def test_refusals(flag: str) -> None:
    assert flag.partition("=")[0] in refused(call_command("bench", flag))


@pytest.mark.parametrize(
    ("ours", "floor", "doubt"),
    [
        ([0.2, 0.21, 0.22], [0.1, 0.11, 0.12], None),
        ([0.1, 0.11, 0.12], [0.2, 0.21, 0.22], "matrix products alone took longer"),
        ([0.2, 0.21], [0.1, 0.11], "fewer than 3 turns"),
        ([0.2, 0.3, 0.4], [0.1, 0.11, 0.12], "turns differ widely"),
        ([0.2, 0.21, 9.0], [0.1, 0.11, 0.12], None),
    ],
)
def test_a_worthless_measurement_is_told(
    ours: list[float], floor: list[float], doubt: str | None
) -> None:
    found = doubt_of({"ours": ours, "floor": floor})
    assert found is None if doubt is None else (found or "").startswith(doubt)


def test_a_contender_that_dies_is_an_error() -> None:
    with Process("nobody", {}) as process, pytest.raises(ContenderError, match="nobody ended"):
        process.begin(NETS["784-50-10"])


def test_operations_of_a_step() -> None:
    """Two products of the first layer, three of every other, n x in x out multiply-adds each."""
    products = MatrixProducts(TrainConfig(hidden=(3,), batch_size=5))
    assert products.operations == 2 * 5 * (2 * 784 * 3 + 3 * 3 * 10)
