"""The commands on saved runs: runs, runs show, compare, rm."""

from __future__ import annotations

import json
import os
import pty
import shlex
from pathlib import Path

import numpy as np
import pytest

from nn.analysis.disagreement import disagreement
from nn.data.dataset import Dataset
from nn.storage.checkpoint import load_model
from nn.storage.runs import SavedRun
from tests.support.commands import call_command, refused, run_command
from tests.support.recorded import NAMES


def test_the_list_is_newest_first(at: str, saved: Path) -> None:
    result = call_command("runs", at)
    assert (result.returncode, result.stderr) == (0, "")
    header, *rows = result.stdout.splitlines()
    assert header.split() == ["run", "status", "epochs", "best", "time"]
    assert [row.split()[:3] for row in rows] == [
        [NAMES[2], "interrupted", "2/9"],
        [NAMES[1], "finished", "3/3"],
        [NAMES[0], "finished", "3/3"],
    ]
    assert max(map(len, [header, *rows])) <= 80


def test_the_list_as_json(at: str, saved: Path) -> None:
    runs = [json.loads(line) for line in call_command("runs", "--json", at).stdout.splitlines()]
    assert [run["run"] for run in runs] == [str(saved / name) for name in reversed(NAMES)]
    assert [run["status"] for run in runs] == ["interrupted", "finished", "finished"]
    assert runs[0]["config"]["epochs"] == 9


def test_the_list_of_those_that_are_found(at: str) -> None:
    found = call_command("runs", "--find=lr=0.0005 hidden=4 fin", at).stdout.splitlines()
    assert [line.split()[0] for line in found[1:]] == [NAMES[1]]
    none = call_command("runs", "--find=early", at)
    assert (none.returncode, none.stdout) == (0, "")
    assert "no saved runs like these in" in none.stderr
    assert "no hyperparameter begins with lrr" in refused(call_command("runs", "--find=lrr=1", at))


def test_an_empty_list(tmp_path: Path) -> None:
    result = call_command("runs", f"--runs-dir={tmp_path / 'none'}")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"no saved runs in {tmp_path / 'none'}\n"


def test_show(at: str, saved: Path) -> None:
    result = call_command("runs", "show", "last", at)
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].split(maxsplit=1) == ["run", str(saved / NAMES[2])]
    assert lines[1].split(maxsplit=1)[1] == "interrupted after 2/9 epochs, 6 steps"
    assert f"resume    mnist-tui --headless --resume {shlex.quote(str(saved / NAMES[2]))}" in lines
    rows = [line.split() for line in lines if line.split()[:1] in (["1"], ["2"])]
    assert [row[1] for row in rows] == ["3", "6"]
    shown = json.loads(call_command("runs", "show", NAMES[0], "--json", at).stdout)
    assert shown["id"].endswith("relu-cross-entropy")


def test_show_of_a_complete_run_offers_no_resuming(at: str) -> None:
    assert "\nresume" not in call_command("runs", "show", NAMES[0], at).stdout


def test_compare(at: str, saved: Path, tiny: Dataset) -> None:
    result = call_command("runs", "compare", NAMES[0], NAMES[1], at)
    assert (result.returncode, result.stderr) == (0, "")
    out = result.stdout
    assert out.startswith(f"A  {NAMES[0]}\nB  {NAMES[1]}\n")
    rows = {line.split("  ")[0]: line.split()[-2:] for line in out.splitlines()}
    assert rows["--hidden"] == ["8", "4"]
    assert rows["--learning-rate"] == ["0.008", "0.0005"]
    assert "--epochs" not in rows
    assert "test accuracy % by epoch" in out
    first, second = (
        load_model(SavedRun.read(saved / name), "best").predict(tiny.test).predicted
        for name in NAMES[:2]
    )
    found = disagreement(first, second, tiny.test.labels)
    assert found.first_only
    assert f"A right, B wrong: {len(found.first_only)} test image" in out
    assert "  " + " ".join(map(str, found.first_only[:10])) in out
    assert f"McNemar's exact test: p = {found.p_value:.2g}\n" in out
    assert max(map(len, out.splitlines())) <= 80


def test_compare_as_json(at: str, saved: Path, tiny: Dataset) -> None:
    lines = call_command(
        "runs", "compare", *NAMES, "--which=last", "--json", at
    ).stdout.splitlines()
    objects = [json.loads(line) for line in lines]
    assert [Path(o["run"]).name for o in objects[:3]] == list(NAMES)
    pairs = objects[3:]
    assert [[Path(p).name[-5:] for p in o["runs"]] for o in pairs] == [
        ["first", "econd"], ["first", "third"], ["econd", "third"],
    ]  # fmt: skip
    for pair in pairs:
        first, second = (SavedRun.read(Path(path)) for path in pair["runs"])
        right = [
            load_model(run, "last").predict(tiny.test).predicted == tiny.test.labels
            for run in (first, second)
        ]
        assert pair["first_only"] == np.flatnonzero(right[0] & ~right[1]).tolist()
        assert pair["second_only"] == np.flatnonzero(right[1] & ~right[0]).tolist()
        told_apart = len(pair["first_only"]) + len(pair["second_only"])
        assert pair["both"] + pair["neither"] + told_apart == len(tiny.test)


def test_compare_is_coloured_in_a_terminal_only(at: str) -> None:
    plain = call_command("runs", "compare", NAMES[0], NAMES[1], at, env={"FORCE_COLOR": "1"})
    assert "\x1b" not in plain.stdout


def test_compare_without_the_data(at: str, saved: Path, tmp_path: Path) -> None:
    """The numbers are compared all the same."""
    record = json.loads((saved / NAMES[0] / "run.json").read_text())
    for name in NAMES[:2]:
        copy = tmp_path / name
        copy.mkdir()
        for file in (saved / name).iterdir():
            (copy / file.name).write_bytes(file.read_bytes())
        text = (copy / "run.json").read_text()
        (copy / "run.json").write_text(text.replace(record["config"]["data_dir"], "/nowhere"))
    result = call_command("runs", "compare", *NAMES[:2], f"--runs-dir={tmp_path}")
    assert result.returncode == 0
    assert "best test accuracy" in result.stdout
    for letter, line in zip("AB", result.stderr.splitlines(), strict=True):
        assert line.startswith(f"{letter} is not compared digit by digit: ")
        assert "/nowhere" in line


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["compare", "last"], "runs compare takes 2 to 26 runs, not 1"),
        (["compare", "first", "last", "first"], "first: named twice"),
        (["rm"], "runs rm needs the name of at least one run"),
        (["rm", "last"], "runs rm asks first, and there is nobody to ask; add --yes"),
        (["show", "20261121"], "'20261121' may be any of 3 runs: " + ", ".join(NAMES)),
        (["show", "1"], "'1' may be any of 3 runs: " + ", ".join(NAMES)),
        (["show", "20261121-120000-thurd"], f"did you mean {NAMES[2]!r}?"),
        (["show", "thurd"], "did you mean 'third'?"),
        (["show", "irst"], "did you mean 'first'?"),  # a part begins where a word does
        (["show", "xyz"], "; `mnist-tui runs` lists them"),
    ],
)
def test_refusals(arguments: list[str], said: str, at: str) -> None:
    assert said in refused(call_command("runs", *arguments, at))


def test_a_run_is_named_twice_by_its_path_too(
    at: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(saved)
    for command in (["runs", "compare"], ["committee"]):
        said = refused(call_command(*command, "first", f"./{NAMES[0]}", at))
        assert said == f"{NAMES[0]}: named twice; name different runs"


@pytest.mark.parametrize("part", [NAMES[1], "20261121-11", "second", "110000-se"])
def test_a_part_of_a_name_finds_its_run(part: str, at: str, saved: Path) -> None:
    result = call_command("runs", "show", part, at)
    assert (result.returncode, result.stderr) == (0, "")
    assert str(saved / NAMES[1]) in result.stdout


def test_a_file_of_a_run_without_weights(saved: Path, at: str, tmp_path: Path) -> None:
    file = saved / NAMES[0] / "run.json"
    for arguments in (
        ("predict", "--model", file),
        ("import", file),
        ("--headless", "--init-from", file),
    ):
        said = refused(call_command(*arguments, at))
        assert said.startswith(f"{file}: has no weights; ")
        assert said.endswith(str(saved / NAMES[0] / "best.npz"))
    alone = tmp_path / "run.json"
    alone.write_text("{}")
    assert "damaged, or of no known format" in refused(call_command("predict", "--model", alone))


def test_an_unknown_command_of_runs() -> None:
    result = call_command("runs", "bogus")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1


def copy_of(saved: Path, root: Path) -> list[Path]:
    for name in NAMES:
        (root / name).mkdir(parents=True)
        for file in (saved / name).iterdir():
            (root / name / file.name).write_bytes(file.read_bytes())
    return [root / name for name in NAMES]


def test_rm(saved: Path, root: Path) -> None:
    first, second, third = copy_of(saved, root)
    result = call_command("runs", "rm", NAMES[0], "last", "--yes", f"--runs-dir={root}")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr == f"removed {first}\nremoved {third}\n"
    assert list(root.iterdir()) == [second]


@pytest.mark.parametrize(("answer", "left"), [(b"y\n", 2), (b"\n", 3), (b"no\n", 3)])
def test_rm_asks_in_a_terminal(saved: Path, root: Path, answer: bytes, left: int) -> None:
    copy_of(saved, root)
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    result = run_command("runs", "rm", "last", f"--runs-dir={root}", stdin=theirs)
    os.close(ours)
    os.close(theirs)
    assert result.returncode == (left == 3)
    assert result.stderr.startswith(f"remove {NAMES[2]} for good? [y/N] ")
    assert len(list(root.iterdir())) == left


def test_help_names_the_commands() -> None:
    out = call_command("--help").stdout
    for name in ("runs", "attach", "export", "--resume", "--no-save", "--runs-dir"):
        assert name in out
    for arguments in (["runs"], ["runs", "show"], ["runs", "compare"], ["runs", "rm"]):
        result = call_command(*arguments, "--help")
        assert result.stdout.startswith(f"Usage: mnist-tui {' '.join(arguments)}")


def test_runs_complete_by_name(at: str, saved: Path) -> None:
    env = {"MNIST_TUI_RUNS_DIR": str(saved)}
    assert NAMES[1] in call_command("__complete", "attach", "20261121-11", env=env).stdout.split()
