"""What reads files of strangers, each with a good file: `python -m tests.fuzz.targets`.

Prints one line for each damaged file that leads to anything but a documented error, and how many
files there were.
"""

from __future__ import annotations

import argparse
import gzip
import io
import random
import signal
import sys
import tempfile
import traceback
import warnings
from contextlib import closing, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from nn.config import TrainConfig
from nn.data.dataset import load_dataset
from nn.errors import NNError
from nn.network.committee import Committee
from nn.storage.checkpoint import Checkpoint, load_model
from nn.storage.model_file import read_model, write_model
from nn.storage.runs import SavedRun
from nn.toml import load_toml
from nn.training.trainer import Trainer
from tests.fuzz.datasets import dataset_targets
from tests.fuzz.foreign import write_foreign
from tests.fuzz.mutations import damage, damage_chunk
from tests.fuzz.target import ARCHIVE, TEXT, Target
from tests.fuzz.user_files import sweep_targets, user_targets
from tests.support.recorded import record_run
from tests.support.tiny_data import idx_bytes, tiny_arrays
from tui.cli.commands.runs import runs, show
from tui.images.reading import pages_of_file
from tui.models.opening import open_model
from tui.system.exits import CommandError

SECONDS = 10  # of processor time for one file
PATIENCE = 600  # seconds for one file, on the busiest machine
MEMORY = 2 * 2**30  # address space that all of it may take, libraries included
PICTURES = ("png", "pgm", "jpg", "gif", "bmp", "tiff", "webp")


def make_targets(folder: Path) -> list[Target]:
    """Good files of every kind in `folder`, with what reads them."""
    data = folder / "data"
    data.mkdir()
    for name, array in tiny_arrays().items():
        (data / name).write_bytes(idx_bytes(array))
    packed = folder / "packed"
    packed.mkdir()
    for name, array in tiny_arrays().items():
        (packed / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(array), 1))
    dataset = load_dataset(str(data))
    config = TrainConfig(hidden=(4,), batch_size=40, epochs=4, data_dir=str(data), patience=3,
                         stop_on="test")  # fmt: skip
    root = folder / "runs"
    run, _ = record_run(Trainer(config, dataset, step_interval=0), root, events=9)
    model = folder / "model.npz"
    write_model(model, read_model(run / "best.npz"))
    together = folder / "committee.npz"
    write_model(together, Committee([read_model(model), read_model(model)], shift=1))
    foreign = write_foreign(folder, read_model(model))
    toml = folder / "config.toml"
    toml.write_text(config.to_toml())
    picture = np.zeros((40, 40), np.uint8)
    picture[8:32, 18:22] = 255
    pictures = [folder / f"one.{suffix}" for suffix in PICTURES]
    for path in pictures:
        Image.fromarray(picture).save(path)
    grid = folder / "grid.txt"
    np.savetxt(grid, picture[6:34, 6:34], fmt="%d")

    def checkpoint(name: str) -> None:
        found = Checkpoint.load(run / name)
        if found.config == config:
            with closing(Trainer(config, dataset)) as trainer:
                trainer.restore(found.state)

    def whole_run() -> None:
        runs(runs_dir=root)
        runs(json=True, runs_dir=root)
        saved = SavedRun.read(run, thorough=True)
        for which in ("best", "last"):
            load_model(saved, which)  # type: ignore[arg-type]
        saved.config_with({})
        show(run.name, runs_dir=root)

    return [
        Target("model", model, lambda: read_model(model), ARCHIVE),
        Target("committee", together, lambda: read_model(together).members, ARCHIVE),
        Target("last.npz", run / "last.npz", lambda: checkpoint("last.npz"), ARCHIVE),
        Target("best.npz of a run", run / "best.npz", whole_run, ARCHIVE),
        Target("run.json", run / "run.json", whole_run, TEXT),
        Target("metrics.jsonl", run / "metrics.jsonl", whole_run, TEXT),
        Target("TOML", toml, lambda: TrainConfig.layered(load_toml(toml)), TEXT),
        Target("IDX", data / "train-images-idx3-ubyte", lambda: load_dataset(str(data))),
        Target("IDX labels", data / "t10k-labels-idx1-ubyte", lambda: load_dataset(str(data))),
        Target("IDX.gz", packed / "train-images-idx3-ubyte.gz", lambda: load_dataset(str(packed))),
        *(Target(path.name, path, partial(_read_pages, path),
                 (damage, damage_chunk) if path.suffix == ".png" else (damage,))
          for path in pictures),
        Target("grid of numbers", grid, lambda: _read_pages(grid), TEXT),
        *(Target(path.name, path, partial(open_model, path, lambda: dataset),
                 ARCHIVE if path.suffix == ".npz" else (damage,)) for path in foreign),
        *sweep_targets(folder / "sweeping" / "runs"),
        *dataset_targets(folder / "datasets"),
        *user_targets(folder),
    ]  # fmt: skip


def _read_pages(path: Path) -> None:
    for page in pages_of_file(path):
        page.read()


class TooSlowError(Exception):
    """A file took longer than `SECONDS` of the processor, or `PATIENCE`."""


def _too_slow(*_: object) -> None:
    raise TooSlowError


def fuzz(cases: int, seed: int) -> list[str]:
    """Damage so many files; returns a line for each one that led to an undocumented error."""
    failures = []
    for signum in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(signum, _too_slow)
    with tempfile.TemporaryDirectory() as name:
        targets = make_targets(Path(name))
        good = [target.path.read_bytes() for target in targets]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            for target in targets:
                target.read()  # the files are good until they are damaged
        for case in range(cases):
            rng = random.Random(f"{seed} {case}")
            chosen = case % len(targets)
            target, content = targets[chosen], good[chosen]
            mutation = rng.choice(target.mutations)
            target.path.write_bytes(mutation(content, rng))
            signal.alarm(PATIENCE)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
                    target.read()
            except (NNError, CommandError) as error:
                if len(str(error).splitlines()) != 1:
                    failures.append(f"{case} {target.name}: not one line: {str(error)!r}")
            except BaseException as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                place = f"{where.filename}:{where.lineno}"
                failures.append(f"{case} {target.name}: {type(error).__name__}: {error} at {place}")
            finally:
                signal.alarm(0)
                signal.setitimer(signal.ITIMER_PROF, 0)
                target.path.write_bytes(content)
    return failures


def main() -> int:
    """Damage files as the command line says, within a limit of memory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # zipfile warns of members of one name, which are wanted
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    failures = fuzz(options.cases, options.seed)
    for line in failures:
        sys.stdout.write(f"{line}\n")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    sys.stdout.write(f"{options.cases:,} files, {len(failures)} failures, {peak:,.0f} MB at most\n")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
