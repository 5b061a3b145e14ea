"""`mnist-tui committee`: members of saved runs or of a recipe, and what can be done with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from nn.storage.model_file import read_model
from nn.storage.runs import list_runs
from tests.support.commands import call_command, refused
from tests.support.tiny_data import tiny_arrays

GRID = "\n".join(
    " ".join(map(str, row)) for row in tiny_arrays()["t10k-images-idx3-ubyte"][0].tolist()
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("members")


@pytest.fixture(scope="module")
def names(tiny_folder: Path, root: Path) -> list[str]:
    """Two runs that differ in their seed, oldest first."""
    flags = ["--headless", f"--data-dir={tiny_folder}", "--hidden=8", "--batch-size=40"]
    for seed in (1, 2):
        done = call_command(*flags, "--epochs=2", f"--seed={seed}", f"--runs-dir={root}")
        assert done.returncode == 0, done.stderr
    return sorted(run.name for run in list_runs(root)[0])


def test_a_committee_is_a_run_like_any_other(names: list[str], root: Path, tmp_path: Path) -> None:
    where = f"--runs-dir={root}"
    path = tmp_path / "committee.npz"
    done = call_command("committee", *names, "--shift=1", "--json", f"--save={path}", where)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    kind = "committee of 2, mean of 9 copies shifted by up to 1 pixel"
    assert (found["kind"], found["copies"]) == (kind, 9)
    assert [member["run"] for member in found["members"]] == names
    assert read_model(path).kind == kind
    run = Path(found["run"]).name
    shown = call_command("runs", "show", run, where).stdout
    assert f"{kind}: {names[0]}, {names[1]}" in shown
    answer = json.loads(
        call_command("predict", f"--model={run}", "--json", where, stdin=GRID).stdout
    )
    assert answer["kind"] == kind
    again = call_command("committee", run, "--no-save", where)
    assert f"{kind.partition(',')[0]}\n" in again.stdout
    assert again.stdout.count(run) == 2
    done = call_command("export", run, "--format=safetensors", where)
    assert "holds one network, and this is a committee of 2" in refused(done)
    copy = tmp_path / "copy.npz"
    assert call_command("export", run, f"--output={copy}", where).returncode == 0
    assert copy.read_bytes() == path.read_bytes()
    done = call_command("--headless", f"--init-from={run}", where)
    assert "a committee of 2 networks" in refused(done)


def test_one_network_looks_at_shifted_copies(names: list[str], root: Path) -> None:
    where = f"--runs-dir={root}"
    done = call_command("committee", names[0], "--shift=1", "--no-save", where)
    assert done.stdout.endswith(": mean of 9 copies shifted by up to 1 pixel\n")
    done = call_command("predict", f"--model={names[0]}", "--shift=2", where, stdin=GRID)
    assert "mean of 25 copies" in done.stderr
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name the runs"),
        (("{0}",), "a committee of one"),
        (("{0}", "{0}"), "named twice"),
        (("{0}", "{1}", "--shift=4"), "--shift 4: must be from 0 to 3"),
        (("{0}", "{1}", "--name=a b"), "--name a b"),
        (("{0}", "--members=3"), "--members is for --recipe"),
        (("{0}", "--recipe=default"), "--recipe trains the members"),
        (("--recipe=default",), "a recipe of 1 network; add --members=5"),
        (("nothing",), "no run"),
    ],
)
def test_what_makes_no_committee_is_refused(
    names: list[str], root: Path, arguments: Sequence[str], reason: str
) -> None:
    typed = [argument.format(*names) for argument in arguments]
    done = call_command("committee", *typed, f"--runs-dir={root}")
    assert reason in refused(done)
