"""Training the members of a committee: runs that differ in their seed, several side by side."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nn.errors import StorageError
from nn.storage.runs import SavedRun
from tui.formatting import duration, percent
from tui.recording.folder import reference
from tui.system.exits import CommandError, ExitCode
from tui.system.python import module_command
from tui.system.shell import command_line
from tui.system.signals import GracefulStop

_POLL = 0.1  # seconds between looks at the processes


@dataclass
class _Member:
    """One run that trains in a process of its own, whose events it writes to a pipe.

    What it says on standard error is passed on until it is told to stop: then this process speaks.
    """

    seed: int
    process: subprocess.Popen[str]
    folder: str | None = None
    end: dict[str, Any] | None = None
    stopped: bool = False

    def __post_init__(self) -> None:
        # While it trains, since a pipe that nobody reads is full after 64 kB, and it would wait.
        self._readers = [
            threading.Thread(target=read, daemon=True) for read in (self._read, self._pass_on)
        ]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                event = json.loads(line)
                self.folder = event.get("run") or self.folder
                if event["event"] == "run_finished":
                    self.end = event

    def _pass_on(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                if not self.stopped:
                    sys.stderr.write(line)
                    sys.stderr.flush()

    def stop(self) -> None:
        """Tell it to save what it has and end, without a word."""
        self.stopped = True
        self.process.terminate()

    def join(self) -> None:
        """Wait until it has ended and all of its events are taken in."""
        for reader in self._readers:
            reader.join()
        self.process.wait()


def train_members(
    members: Mapping[int, Sequence[str]],
    runs_dir: Path,
    together: int,
    report: Callable[[str], object],
) -> list[SavedRun]:
    """Train a run for each member, `together` at a time, with one thread each.

    A product of matrices gains less from a second thread than a second run does, so that runs side
    by side are the fastest way to train several. `members` are, for each seed, the arguments of the
    command line that describe the run besides. Raises `CommandError` where one of them fails, or at
    a signal; runs that were trained by then are saved.
    """
    waiting, running, done = list(members), list[_Member](), dict[int, SavedRun]()
    began = time.monotonic()
    with GracefulStop(lambda: None) as stop:
        try:
            while (waiting or running) and stop.code is None:
                while waiting and len(running) < together:
                    seed = waiting.pop(0)
                    running.append(_start(members[seed], seed, runs_dir))
                for member in list(running):
                    if not _has_ended(member):
                        continue
                    running.remove(member)
                    done[member.seed] = _finished(member, done.values())
                    evaluation = done[member.seed].record.latest
                    assert evaluation is not None
                    report(
                        f"member {len(done)} of {len(members)}, seed {member.seed}: test accuracy"
                        f" {percent(evaluation.test.accuracy)},"
                        f" {duration(time.monotonic() - began)}"
                    )
        finally:
            for member in running:
                member.stop()
            for member in running:
                member.join()
        if stop.code is not None:
            ended = [each for each in running if each.process.returncode == 0]
            done |= {each.seed: _finished(each, done.values()) for each in ended}
            raise CommandError(
                f"interrupted; {len(done)} of {len(members)} members are trained and saved"
                + _how_to_join(done.values()),
                stop.code,
            )
    return [done[seed] for seed in members]


def _start(arguments: Sequence[str], seed: int, runs_dir: Path) -> _Member:
    command = module_command(
        "tui",
        "--headless",
        *arguments,
        f"--seed={seed}",
        "--threads=1",
        "--processes=1",
        f"--runs-dir={runs_dir}",
        "--json",
        "--step-interval=60",
    )
    # Ctrl-C reaches this process, which ends the others.
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    )
    return _Member(seed, process)


def _has_ended(member: _Member) -> bool:
    """Whether its process has ended; waits a moment where it has not."""
    try:
        member.process.wait(_POLL)
    except subprocess.TimeoutExpired:
        return False
    member.join()
    return True


def _finished(member: _Member, others: Iterable[SavedRun]) -> SavedRun:
    """Its run; where it failed, the error tells how to join the `others`, which are trained."""
    if member.process.returncode != 0 or member.folder is None or member.end is None:
        raise CommandError(
            f"the member with seed {member.seed} ended with code {member.process.returncode}"
            + _how_to_join(others),
            ExitCode.FAILURE,
        )
    try:
        return SavedRun.read(Path(member.folder))
    except StorageError as error:
        raise CommandError(str(error), ExitCode.FAILURE) from error


def _how_to_join(runs: Iterable[SavedRun]) -> str:
    """What is added to an error while some are trained; one alone is no committee."""
    names = [reference(run.path) for run in runs]
    if len(names) < 2:
        return ""
    return f"; to join them: {command_line(['mnist-tui', 'committee', *names])}"
