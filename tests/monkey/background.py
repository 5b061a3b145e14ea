"""What happens beside the application: programs that train, and files that change."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path


class Background:
    """Changes saved runs, sweeps and the progress in the lessons.

    `data` is the user's data folder, `template` a run to copy, `environment` that of programs.
    """

    def __init__(self, data: Path, template: Path, environment: dict[str, str]) -> None:
        self._folder, self._sweeps, self._lessons = (
            data / name for name in ("runs", "sweeps", "lessons.json")
        )
        self._template, self._environment = template, environment
        self.processes: list[subprocess.Popen[bytes]] = []
        self._copies = 0

    def happen(self, name: str, number: int) -> None:
        """Do what the name stands for; `number` chooses a run and a kind of damage."""
        rng = random.Random(number)
        runs = sorted(path for path in self._folder.glob("*") if path.is_dir())
        run = rng.choice(runs) if runs else None
        with suppress(OSError):  # the application or a program may have changed the folder just now
            getattr(self, f"_{name.replace('-', '_')}")(rng, run)

    def _copy(self, rng: random.Random, run: Path | None) -> None:
        self._copies += 1
        if self._copies <= 60:
            name = f"202611{rng.randint(10, 29)}-{rng.randint(0, 235959):06}-copy-{self._copies}"
            shutil.copytree(self._template, self._folder / name)

    def _remove(self, rng: random.Random, run: Path | None) -> None:
        if run is not None:
            shutil.rmtree(run)

    def _remove_all(self, rng: random.Random, run: Path | None) -> None:
        if rng.random() < 0.3:
            shutil.rmtree(self._folder)

    def _damage(self, rng: random.Random, run: Path | None) -> None:
        if run is not None:
            names = ["run.json", "metrics.jsonl", "last.npz", "best.npz", "final.npz"]
            _damage_file(run / rng.choice(names), rng)

    def _damage_sweep(self, rng: random.Random, _run: Path | None) -> None:
        if sweeps := sorted(self._sweeps.glob("*")):
            sweep = rng.choice(sweeps)
            if rng.random() < 0.2:
                shutil.rmtree(sweep)
            else:
                _damage_file(sweep / rng.choice(["sweep.toml", "journal.jsonl"]), rng)

    def _damage_lessons(self, rng: random.Random, _run: Path | None) -> None:
        _damage_file(self._lessons, rng)

    def _append(self, rng: random.Random, run: Path | None) -> None:
        if run is not None and (run / "metrics.jsonl").exists():
            with (run / "metrics.jsonl").open("ab") as stream:
                stream.write(rng.choice([b"{}\n", b"not json\n", b'{"event": "step"', b"\n"]))

    def _foreign(self, rng: random.Random, run: Path | None) -> None:
        kind = rng.choice(["file", "folder", "link"])
        path = self._folder / f"foreign {rng.randint(0, 9)}"
        if kind == "file":
            path.write_text("x")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to("nowhere")

    def _start(self, rng: random.Random, run: Path | None) -> None:
        self._forget_ended()
        if self.processes:
            return
        flags = rng.choice(
            [
                ["--limit=300", "--epochs=3", "--hidden=8"],
                ["--limit=300", "--epochs=3000", "--hidden=8"],
                ["--limit=300", "--epochs=5", "--optimizer=sgd", "--lr=1e30"],
            ]
        )
        self._run(["--headless", "--quiet", "--threads=1", *flags])

    def _start_sweep(self, rng: random.Random, _run: Path | None) -> None:
        self._forget_ended()
        if not self.processes:
            vary = ["--vary=learning_rate=0.001..0.1:log", "--vary=hidden=4,8", "--trials=6"]
            self._run(["sweep", "--limit=300", "--epochs=3", *vary])

    def _forget_ended(self) -> None:
        self.processes = [process for process in self.processes if process.poll() is None]

    def _run(self, words: list[str]) -> None:
        self.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "tui", *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def _kill(self, rng: random.Random, run: Path | None) -> None:
        for process in self.processes:
            process.send_signal(rng.choice([signal.SIGKILL, signal.SIGTERM]))

    def close(self) -> None:
        """End the programs."""
        for process in self.processes:
            process.kill()
            process.wait()


def _damage_file(path: Path, rng: random.Random) -> None:
    kind = rng.choice(["delete", "truncate", "noise", "empty"])
    if kind == "delete":
        path.unlink()
    elif kind == "truncate":
        os.truncate(path, path.stat().st_size // 2)
    elif kind == "noise":
        path.write_bytes(rng.randbytes(500))
    else:
        path.write_bytes(b"")
