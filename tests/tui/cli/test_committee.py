"""`mnist-tui committee`: members of saved runs or of a recipe, and what can be done with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nn.errors import WriteError
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


def test_its_record_has_only_what_is_true_of_all_of_it(
    tiny_folder: Path, tmp_path: Path, names: list[str], root: Path
) -> None:
    """Images held out from one member are some that another was trained on."""
    where = f"--runs-dir={tmp_path}"
    flags = ["--headless", f"--data-dir={tiny_folder}", "--hidden=8", "--epochs=1", where]
    for seed in (1, 2):
        done = call_command(*flags, "--validation=0.2", f"--seed={seed}")
        assert done.returncode == 0, done.stderr
    first, second = sorted(list_runs(tmp_path)[0], key=lambda run: run.name)
    assert call_command("committee", first.name, second.name, where).returncode == 0
    together = next(run for run in list_runs(tmp_path)[0] if run.name.endswith("committee"))
    evaluation = together.record.latest
    assert evaluation is not None
    assert (evaluation.train, evaluation.validation) == (None, None)
    assert together.record.parameters == first.record.parameters + second.record.parameters
    compared = call_command("runs", "compare", first.name, together.name, where)
    assert compared.stdout.split("status")[1].split()[:2] == ["finished", "committee"]
    done = call_command("--headless", f"--resume={together.name}", where)
    assert "is a committee of 2: " in refused(done)
    assert "name one of its members" in refused(done)
    done = call_command("committee", together.name, first.name, where)
    reason = f"{first.name}: has the same network as {together.name}, which would count twice"
    assert reason in refused(done)
    done = call_command("import", together.path / "best.npz", "--activation=sigmoid", where)
    assert "states its own, relu; leave --activation out" in refused(done)


def test_what_is_said_of_it_is_true_of_all_of_it(
    tiny_folder: Path, names: list[str], root: Path, tmp_path: Path
) -> None:
    """Its first member's layers, optimizer and speed once stood above a row of `nan`."""
    where, here = f"--runs-dir={root}", f"--runs-dir={tmp_path / 'runs'}"
    path = tmp_path / "both.npz"
    done = call_command("committee", *(root / name for name in names), f"--save={path}", here)
    alone = done.stdout.splitlines()[:2]
    assert [line.split()[0] for line in alone] == names
    done = call_command("import", path, "--name=again", f"--data-dir={tiny_folder}", here)
    assert done.returncode == 0, done.stderr
    newest, kept = sorted(list_runs(tmp_path / "runs")[0], key=lambda run: "again" not in run.name)
    for run, members in ((kept, alone), (newest, [f"member {n}" for n in (1, 2)])):
        listed = call_command("runs", "--find=committee", here).stdout
        row = next(line for line in listed.splitlines() if line.startswith(run.name))
        assert row.split()[1:3] == ["committee", "-"]
        for command in (["runs", "show"], ["attach"]):
            shown = call_command(*command, run.name, here).stdout
            assert "committee of 2" in shown
            for member, score in zip(members, alone, strict=True):
                assert member in shown
                assert score.split()[1] in shown
            assert "784-" not in shown
            assert "0 epochs" not in shown
            assert not {"nan", "rate", "adam", "images/s"} & set(shown.split())
        refusal = refused(call_command("--headless", f"--resume={run.name}", here))
        assert "is a committee of 2" in refusal
        assert "--init-from" not in refusal
    assert f"imported from {path}" in call_command("attach", newest.name, here).stdout
    assert call_command("runs", "--find=hidden=8 again", here).stdout == ""
    compared = call_command("runs", "compare", root / names[0], kept.path, where).stdout
    assert compared.split("--hidden")[1].split()[:2] == ["8", "-"]


def test_what_was_found_is_told_although_it_cannot_be_saved(names: list[str], root: Path) -> None:
    members = [root / name for name in names]
    done = call_command("committee", *members, "--runs-dir=/dev/null/nowhere")
    assert done.returncode == 2  # before anything was computed
    blocked = root.parent / "blocked"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.recording.importing.write_model", _full_disk)
        done = call_command("committee", *members, f"--runs-dir={blocked}")
    assert (done.returncode, done.stderr.count("error: ")) == (1, 1)
    assert "best.npz: No space left on device" in done.stderr
    assert "test accuracy " in done.stdout
    assert list_runs(blocked) == ([], [])


def _full_disk(path: Path, *_: object, **__: object) -> None:
    raise WriteError(f"{path}: No space left on device")


def test_a_member_of_other_images_is_named(tmp_path: Path, names: list[str], root: Path) -> None:
    where = f"--runs-dir={root}"
    images, labels = np.arange(80 * 25).reshape(80, 5, 5).astype(np.uint8), np.arange(80) % 4
    data = tmp_path / "squares.npz"
    np.savez(data, x=images, y=labels)
    flags = ["--headless", "--hidden=8", "--epochs=1", f"--runs-dir={tmp_path}"]
    assert call_command(*flags, f"--data-dir={data}").returncode == 0
    (other,) = list_runs(tmp_path)[0]
    done = call_command("committee", names[0], other.path, where)
    reason = f"{other.name}: takes other images, or knows other classes, than the first, {names[0]}"
    assert reason in refused(done)
    more = tmp_path / "more.npz"
    np.savez(more, x=images, y=np.roll(labels, 1))
    assert call_command(*flags, f"--data-dir={more}", "--seed=7").returncode == 0
    (also,) = (run for run in list_runs(tmp_path)[0] if run.name != other.name)
    done = call_command("committee", other.path, also.path, "--no-save", where)
    assert done.returncode == 0, done.stderr
    told = f"{also.name} was trained on other data, more; all are tested on squares"
    assert told in done.stderr


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
        (("{0}", "--members=3"), "--members 3: is for --recipe"),
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
