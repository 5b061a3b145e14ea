"""`mnist-tui bench`: what it prints; no test looks at how fast anything was."""

from __future__ import annotations

import json

import pytest

from nn.analysis.matrix_products import MatrixProducts
from nn.config import TrainConfig
from tests.tui.cli.conftest import refused, run_command
from tui.cli.bench.benchmark import ContenderError, Process
from tui.cli.bench.contenders import NETS, OPTIMIZERS


def test_table() -> None:
    """The conditions first, with what in the environment decides on the speed; then the rows."""
    forced = {"OPENBLAS_CORETYPE": "Haswell"}
    result = run_command("bench", "--seconds=0.1", "--no-peers", "--threads=1", env=forced)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("threads 1, ")
    assert "OPENBLAS_CORETYPE=Haswell is set" in lines
    assert [line.split()[:2] for line in lines[-10:]] == [[n, o] for n in NETS for o in OPTIMIZERS]
    assert max(map(len, lines)) <= 80


def test_json() -> None:
    result = run_command("bench", "--seconds=0.1", "--no-peers", "--threads=1", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(row["net"], row["optimizer"]) for row in rows] == [
        (n, o) for n in NETS for o in OPTIMIZERS
    ]
    for row in rows:
        assert set(row["seconds"]) == {"ours", "floor"}
        assert row["threads"] == 1
        assert row["samples_per_second"] == pytest.approx(60_000 / row["seconds"]["ours"])


@pytest.mark.parametrize("flag", ["--seconds=0", "--seconds=nan", "--threads=-1"])
def test_refusals(flag: str) -> None:
    assert flag.partition("=")[0] in refused(run_command("bench", flag))


def test_a_contender_that_dies_is_an_error() -> None:
    with Process("nobody", {}) as process, pytest.raises(ContenderError, match="nobody ended"):
        process.begin(NETS["784-50-10"])


def test_operations_of_a_step() -> None:
    """Two products of the first layer, three of every other, n x in x out multiply-adds each."""
    products = MatrixProducts(TrainConfig(hidden=(3,), batch_size=5))
    assert products.operations == 2 * 5 * (2 * 784 * 3 + 3 * 3 * 10)
