"""The commands that export saved runs and attach to them."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
import signal
import struct
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nn.storage.checkpoint import load_model
from nn.storage.model_file import read_model
from nn.storage.runs import SavedRun
from tests.support.commands import Process, call_command, refused, run_command
from tests.support.recorded import NAMES


def test_the_metrics_as_csv(at: str, saved: Path) -> None:
    result = call_command("runs", "export", NAMES[0], at)
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["step"] for row in rows] == ["3", "6", "9"]
    best = max(float(row["test_accuracy"]) for row in rows)
    assert best == SavedRun.read(saved / NAMES[0]).record.best.test.accuracy  # type: ignore[union-attr]


def test_export_as_npz(at: str, saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    result = call_command("export", NAMES[2], "--which=last", "-o", path, at)
    assert (result.returncode, result.stdout) == (0, "")
    expected = load_model(SavedRun.read(saved / NAMES[2]), "last").model.parameters
    np.testing.assert_array_equal(read_model(path).model.parameters, expected)


def test_the_best_model_of_a_run_predicts(at: str, saved: Path) -> None:
    grid = ("0 " * 13 + "255 " * 2 + "0 " * 13 + "\n") * 28
    model = saved / NAMES[0] / "best.npz"
    result = call_command("predict", "--model", model, "--json", stdin=grid)
    assert json.loads(result.stdout)["digit"] in range(10)


def test_export_as_safetensors(at: str, saved: Path, tmp_path: Path) -> None:
    """The format as its documentation has it, read without any library."""
    path = tmp_path / "m.safetensors"
    assert call_command("export", NAMES[0], "--format=safetensors", "-o", path, at).returncode == 0
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    about = header.pop("__metadata__")
    assert json.loads(about["config"])["hidden"] == [8]
    assert json.loads(about["classes"]) == list("0123456789")
    assert about["size"] == "28x28"
    model = load_model(SavedRun.read(saved / NAMES[0]), "best").model
    for name, expected in (
        ("layer1.weight", model.linears[0].weight),
        ("layer2.bias", model.linears[1].bias),
    ):
        start, stop = header[name]["data_offsets"]
        raw = content[8 + length + start : 8 + length + stop]
        assert header[name]["dtype"] == "F32"
        np.testing.assert_array_equal(
            np.frombuffer(raw, "<f4").reshape(header[name]["shape"]), expected
        )
    end = max(tensor["data_offsets"][1] for tensor in header.values())
    assert len(content) == 8 + length + end


def test_export_to_its_default_name(at: str, tmp_path: Path) -> None:
    result = run_command("export", NAMES[0], at, cwd=tmp_path)
    assert result.returncode == 0
    assert os.listdir(tmp_path) == [f"{NAMES[0]}-best.npz"]


def test_export_where_one_cannot_write(at: str, tmp_path: Path) -> None:
    said = refused(call_command("export", NAMES[0], "-o", tmp_path / "no" / "m.npz", at))
    assert said.endswith(f"m.npz: there is no folder {tmp_path / 'no'}")
    assert "exists and is not a file" in refused(call_command("export", "-o", tmp_path, at))


def test_attach_to_a_finished_run(at: str) -> None:
    result = call_command("attach", NAMES[0], at)
    assert (result.returncode, result.stderr) == (0, "")
    assert "completed after 3 epochs, 9 steps" in result.stdout


def test_attach_to_an_interrupted_run_tells_how_to_go_on(at: str, saved: Path) -> None:
    result = call_command("attach", NAMES[2], at)
    assert (result.returncode, result.stderr) == (0, "")
    assert "interrupted after " in result.stdout
    path = shlex.quote(str(saved / NAMES[2]))
    assert result.stdout.endswith(f"resume: mnist-tui --headless --resume {path}\n")


def test_attach_follows_a_run_until_it_is_killed(small_run: Sequence[str], root: Path) -> None:
    at = f"--runs-dir={root}"
    with Process(*small_run, "--epochs=1000000", at, "--json") as trained:
        trained.read_until("epoch")
        with Process("attach", at) as attached:
            assert attached.stdout is not None
            rows = 0
            for line in attached.stdout:
                rows += line.split()[:1] == [str(rows + 1)]
                if rows == 5:
                    break
            assert trained.poll() is None
            trained.kill()
            rest, err = attached.communicate(timeout=30)
            assert (attached.returncode, err) == (0, "")
    assert "interrupted: the process that trained it has gone" in rest
    assert "resume: mnist-tui --headless --resume " in rest


def test_leaving_an_attached_run_leaves_it_alone(small_run: Sequence[str], root: Path) -> None:
    at = f"--runs-dir={root}"
    with Process(*small_run, "--epochs=1000000", at, "--json") as trained:
        trained.read_until("epoch")
        with Process("attach", at) as attached:
            assert attached.stdout is not None
            attached.stdout.readline()
            attached.send_signal(signal.SIGINT)
            _, err = attached.communicate(timeout=30)
            assert (attached.returncode, err) == (130, "")
        time.sleep(0.05)
        assert trained.poll() is None
