"""Sweeps on a Dask cluster: a real scheduler and real worker processes, which are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nn.storage.runs import SavedRun
from tests.support.commands import ROOT, environment
from tests.support.dask_cluster import DaskCluster
from tui.sweeps.cluster import Cluster
from tui.sweeps.study import Study
from tui.system.versions import version, versions

# Its import, which no test needs before it starts, would take each worker of pytest a second.
pytestmark = pytest.mark.skipif(
    find_spec("distributed") is None, reason="the extra cluster is not installed"
)

WORDS = ("--vary", "lr=0.001..0.1:log", "--limit", "300", "--hidden", "8", "--name", "s")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    with DaskCluster(tmp_path) as cluster:
        cluster.start_scheduler()
        yield cluster


def start(runs_dir: Path, *words: str) -> subprocess.Popen[str]:
    """A sweep as a process; warnings are not errors, since those of Dask are not ours."""
    command = [sys.executable, "-m", "tui", "sweep", "--runs-dir", str(runs_dir), *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment())


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, err = process.communicate(timeout=180)
    return out, err


def results(runs_dir: Path) -> list[tuple[int, int, int]]:
    study = Study.read(runs_dir.parent / "sweeps" / "s")
    assert not any(r.error for trial in study.trials for r in trial.results.values())
    lines = (study.path / "journal.jsonl").read_text().splitlines()
    found = [entry["task"] for line in lines if (entry := json.loads(line))["kind"] == "result"]
    return [(task["trial"], task["seed"], task["rung"]) for task in found]


def until_event(process: subprocess.Popen[str], event: str) -> list[dict[str, object]]:
    """The JSON lines of a sweep up to the first event of that name."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(json.loads(line))
        if lines[-1]["event"] == event:
            return lines
    raise AssertionError(f"ended without {event}: {lines}")


def test_a_cluster_of_this_machine(tmp_path: Path) -> None:
    words = (*WORDS, "--trials", "3", "--epochs", "3", "--cluster", "local:1")
    process = start(tmp_path / "runs", *words)
    out, err = finish(process)
    assert process.returncode == 0, err
    assert len(results(tmp_path / "runs")) == 4
    assert "best: trial" in out
    assert [line for line in err.splitlines() if "distributed" in line] == []


@pytest.mark.slow
def test_an_unreachable_scheduler_is_one_line(tmp_path: Path) -> None:
    runs_dir = tmp_path / "runs"
    process = start(runs_dir, *WORDS, "--cluster", "tcp://127.0.0.1:1")
    out, err = finish(process)
    assert (process.returncode, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("mnist-tui: error: --cluster tcp://127.0.0.1:1: no scheduler answers")
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.slow
def test_a_cluster_gives_what_this_machine_gives(cluster: DaskCluster, tmp_path: Path) -> None:
    """Runs on workers without our disk are the same bit for bit, and saved here like any other."""
    for _ in range(2):
        cluster.start_worker()
    cluster.wait_for(2)
    there, here = tmp_path / "there" / "runs", tmp_path / "here" / "runs"
    words = (*WORDS, "--trials", "3", "--epochs", "3")
    process = start(there, *words, "--cluster", cluster.address, "--json")
    out, err = finish(process)
    assert process.returncode == 0, err
    events = [json.loads(line)["event"] for line in out.splitlines()]
    assert events.count("sweep_result") == 4
    assert events.count("sweep_epoch") == 5  # epochs of all trials, none of them twice
    process = start(here, *words)
    finish(process)
    assert process.returncode == 0
    assert len(list(there.iterdir())) == 3
    for first in there.iterdir():
        (second,) = here.glob(f"*{first.name[-6:]}")
        assert SavedRun.read(first).status == SavedRun.read(second).status
        with np.load(first / "last.npz") as one, np.load(second / "last.npz") as other:
            names = [name for name in one.files if name.startswith("layer")]
            assert names
            for name in names:
                np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.slow
def test_a_killed_worker_loses_no_trial(cluster: DaskCluster, tmp_path: Path) -> None:
    runs_dir = tmp_path / "runs"
    first, _ = cluster.start_worker(), cluster.start_worker()
    cluster.wait_for(2)
    words = (*WORDS, "--trials", "4", "--epochs", "60", "--no-halving")
    process = start(runs_dir, *words, "--cluster", cluster.address, "--json")
    until_event(process, "sweep_epoch")
    first.kill()
    _, err = finish(process)
    assert process.returncode == 0, err
    assert sorted(results(runs_dir)) == [(trial, 0, 0) for trial in range(4)]
    assert len(list(runs_dir.iterdir())) == 4


@pytest.mark.slow
def test_a_killed_scheduler_is_one_line_and_the_sweep_goes_on_without_it(
    cluster: DaskCluster, tmp_path: Path
) -> None:
    runs_dir = tmp_path / "runs"
    cluster.start_worker()
    cluster.wait_for(1)
    words = (*WORDS, "--trials", "4", "--epochs", "30", "--no-halving")
    process = start(runs_dir, *words, "--cluster", cluster.address, "--json")
    until_event(process, "sweep_result")
    assert cluster.scheduler is not None
    cluster.scheduler.kill()
    _, err = finish(process)
    assert process.returncode == 1
    (line,) = err.splitlines()
    assert "the scheduler has gone; all results so far are saved" in line
    before = results(runs_dir)
    assert before
    process = start(runs_dir, "--resume", "s")
    _, err = finish(process)
    assert process.returncode == 0, err
    after = results(runs_dir)
    assert after[: len(before)] == before
    assert sorted(after) == [(trial, 0, 0) for trial in range(4)]


@pytest.mark.slow
def test_an_interrupted_sweep_brings_back_what_the_workers_have(
    cluster: DaskCluster, tmp_path: Path
) -> None:
    runs_dir = tmp_path / "runs"
    cluster.start_worker()
    cluster.wait_for(1)
    words = (*WORDS, "--trials", "2", "--epochs", "3000", "--no-halving")
    process = start(runs_dir, *words, "--cluster", cluster.address, "--json")
    until_event(process, "sweep_epoch")
    process.terminate()
    _, err = finish(process)
    assert process.returncode == 143, err
    assert "to go on: mnist-tui sweep --resume s" in err
    (run,) = runs_dir.iterdir()
    assert 1 <= SavedRun.read(run).record.epoch < 3000
    assert not Study.read(tmp_path / "sweeps" / "s").claims


@pytest.mark.slow
def test_a_worker_without_this_package_is_refused(cluster: DaskCluster, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "tui").mkdir(parents=True)
    (other / "tui" / "__init__.py").touch()
    cluster.start_worker(env={"PYTHONPATH": str(other)})
    cluster.wait_for(1)
    process = start(tmp_path / "runs", *WORDS, "--cluster", cluster.address)
    out, err = finish(process)
    assert (process.returncode, out) == (2, "")
    (line,) = err.splitlines()
    assert "cannot run this mnist-tui" in line


@pytest.mark.slow
def test_other_versions_are_named_also_of_a_worker_that_joins_later(
    cluster: DaskCluster, tmp_path: Path
) -> None:
    later = tmp_path / "later"
    later.mkdir()
    (later / "sitecustomize.py").write_text(
        "from importlib import metadata\n"
        "real = metadata.version\n"
        "metadata.version = lambda name: '9.9' if name == 'mnist-tui' else real(name)\n"
    )
    cluster.start_worker()
    cluster.wait_for(1)
    words = (*WORDS, "--trials", "2", "--epochs", "3000", "--no-halving")
    process = start(tmp_path / "runs", *words, "--cluster", cluster.address, "--json")
    until_event(process, "sweep_epoch")
    cluster.start_worker(env={"PYTHONPATH": f"{later}{os.pathsep}{ROOT}"})
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("mnist-tui: warning: worker tcp://127.0.0.1:")
    assert f"has mnist-tui 9.9 (here {version()}): last bits of results may differ" in line
    process.terminate()
    finish(process)


class WorkersOf:
    """Stands in for the client of a cluster: workers by name, and their versions or errors."""

    status = "running"

    def __init__(self, **found: dict[str, str] | Exception) -> None:
        self.found = dict(found)

    def nthreads(self) -> dict[str, int]:
        return dict.fromkeys(self.found, 1)

    def run(self, _: object, *, workers: list[str], on_error: str) -> dict[str, object]:
        return {name: self.found[name] for name in workers}


def test_workers_that_differ_alike_are_one_line_and_none_is_named_twice() -> None:
    old = {**versions(), "numpy": "0.1"}
    client, warnings = WorkersOf(a=versions(), b=old, c=old), list[str]()
    cluster = Cluster(client, warnings.append)
    assert cluster.meet_workers() == []
    (line,) = warnings
    assert line.startswith("2 workers have numpy 0.1 (here ")
    client.found |= {"d": ImportError("No module named 'tui'"), "e": {**old, "platform": "other"}}
    (line,) = cluster.meet_workers()
    assert line.startswith("worker d cannot run this mnist-tui (No module named 'tui'); install")
    assert warnings[1].startswith("worker e has numpy 0.1")
    assert cluster.meet_workers() == []
    assert (len(warnings), cluster.workers) == (2, 5)


@pytest.mark.slow
def test_data_of_a_folder_are_sent_once_to_each_worker(
    cluster: DaskCluster, tmp_path: Path, tiny_folder: Path
) -> None:
    """The folder is out of the workers' reach: it is renamed once the sweep has read it."""
    runs_dir, data = tmp_path / "runs", tmp_path / "data"
    os.rename(tiny_folder, data)
    cluster.start_worker()
    cluster.wait_for(1)
    words = (*WORDS[:2], *WORDS[4:], "--data-dir", str(data), "--trials", "3", "--epochs", "20")
    process = start(runs_dir, *words, "--cluster", cluster.address, "--json", "--no-halving")
    until_event(process, "sweep_epoch")
    os.rename(data, tmp_path / "gone")
    _, err = finish(process)
    assert process.returncode == 0, err
    assert len(results(runs_dir)) == 3
