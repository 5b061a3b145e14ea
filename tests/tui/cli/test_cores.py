"""How a run is spread over the machine, and what is told when a part of it is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from nn.storage.runs import list_runs
from tests.support.commands import Process, call_command, run_command
from tests.support.json_schema import check_stream
from tests.support.processes import children, needs_several
from tui.recording.folder import resume_command
from tui.system.exits import ExitCode
from tui.system.quota import available_cores


def test_threads_beyond_the_cores_are_told_once(small_run: Sequence[str]) -> None:
    cores = available_cores()
    result = run_command(*small_run, f"--threads={cores + 7}", "--processes=1", "--json")
    started, *_ = check_stream(result.stdout)
    assert started["config"]["threads"] == cores + 7
    assert started["threads"] == cores
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"mnist-tui: warning: threads={cores + 7}: {cores} core")
    assert line.endswith("available, and as many threads are used")


@pytest.mark.slow
@pytest.mark.skipif(available_cores() < 2, reason="one core has nothing to wait for")
def test_beside_busy_programs_one_thread_goes_on() -> None:
    """Two threads that share each product wait for each other most of the time."""
    busy = [sys.executable, "-c", "while True: pass"]
    with ExitStack() as stack:
        for _ in range(available_cores() + 1):
            stack.callback(stack.enter_context(subprocess.Popen(busy)).kill)
        short = ("--headless", "--limit=16000", "--epochs=3")
        cores = {"OPENBLAS_NUM_THREADS": str(available_cores())}
        result = run_command(*short, "--json", "--no-save", env=cores, timeout=600)
    events = check_stream(result.stdout)
    assert events[0]["cores"]["by"] == "rule"
    reduced = [event for event in events if event["event"] == "cores_reduced"]
    assert [event["slowdown"] > 4 for event in reduced] == [True]
    assert result.stderr.count("last bits of the numbers differ") == 1


@needs_several
def test_they_are_told(small_run: Sequence[str]) -> None:
    short = (*small_run, "--processes=3", "--epochs=1")
    started, *_ = check_stream(call_command(*short, "--json").stdout)
    assert started["processes"] == 3
    assert started["threads"] in (3, None)
    narrated = call_command(*short).stderr
    assert "3 threads in 3 processes\n" in narrated


@pytest.mark.slow
@needs_several
def test_a_process_that_is_stopped_is_told_and_waited_for(small_run: Sequence[str]) -> None:
    arguments = [*small_run, "--processes=2", "--json", "--epochs=150", "--step-interval=0"]
    with Process(*arguments) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        (worker,) = children(process.pid, 1)
        os.kill(worker, signal.SIGSTOP)
        reader = threading.Thread(target=process.stdout.read)  # else a full pipe would stop it, too
        reader.start()
        told = process.stderr.readline()
        os.kill(worker, signal.SIGCONT)
        reader.join(60)
        assert process.wait(60) == 0
    assert told == (
        "mnist-tui: warning: a computing process is stopped; training goes on when it is continued:"
        f" kill -CONT {worker}\n"
    )


@needs_several
def test_a_process_that_is_lost_ends_the_run_which_can_go_on(
    small_run: Sequence[str], tmp_path: Path
) -> None:
    arguments = [*small_run, "--processes=2", f"--runs-dir={tmp_path}", "--json"]
    with Process(*arguments, "--epochs=200") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["event"] == "epoch":
                break
        (worker,) = children(process.pid, 1)
        os.kill(worker, signal.SIGKILL)
        _, error = process.communicate(timeout=20)
    assert process.returncode == ExitCode.FAILURE
    ((run,), _) = list_runs(tmp_path)
    assert error.startswith(
        "mnist-tui: error: a computing process was ended by SIGKILL; --processes 1 does without it;"
        " saved after "
    )
    assert error.endswith(f" in {run.path}; resume: {resume_command(run.path)}\n")
    assert run.status == "failed"
    assert run.record.step > 0
    assert run.record.processes == 2
    go_on = call_command("--headless", "--resume", "--processes=1", f"--runs-dir={tmp_path}")
    assert go_on.returncode == 0
    ((run,), _) = list_runs(tmp_path)
    assert run.status == "finished"
    assert run.record.step == run.record.total_steps
