"""Data for the tests: the embedded MNIST, a small part of it, and a folder for saved runs."""

from __future__ import annotations

import os

# Before NumPy is imported: tests run side by side, and matrix products that each want every core
# wait for one another many times longer than they compute.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import gc
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from nn.data.dataset import Dataset, load_dataset
from tests.support.commands import CHANGING_OUTPUT
from tests.support.tiers import is_never_quick, is_quick, needs_a_missing_module

# Where no bytecode may lie beside the sources, as in many containers, each worker and each of
# hundreds of processes that tests start would compile them. What is imported from here on, and by
# those processes, is compiled once for this and later runs.
BYTECODE = None
if sys.dont_write_bytecode:
    BYTECODE = Path(__file__).parents[1] / ".pytest_cache" / "bytecode"
    sys.dont_write_bytecode, sys.pycache_prefix = False, str(BYTECODE)

for _name in CHANGING_OUTPUT:
    os.environ.pop(_name, None)

# nohup and `&` in a script start programs with these signals ignored, and what a test starts would
# inherit that.
for _name in ("SIGINT", "SIGHUP"):
    _signal = getattr(signal, _name, None)
    if _signal is not None and signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, signal.default_int_handler if _name == "SIGINT" else signal.SIG_DFL)

# How long a busy machine takes says nothing about the code under test. No test sets the number of
# its examples, so that `--hypothesis-profile=thorough` tries many of all.
settings.register_profile(
    "any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=20
)
settings.register_profile("thorough", settings.get_profile("any speed"), max_examples=1000)
# Continuous integration judges a change, for which it needs the same examples each time; new ones
# are tried wherever somebody works.
settings.register_profile("same examples", settings.get_profile("any speed"), derandomize=True)
settings.load_profile("same examples" if os.environ.get("CI") else "any speed")


LONGEST = frozenset({"test_types", "test_random_inputs"})


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker more than processors, since tests of terminals and processes often wait.

    Tests of the quick tier do not, and each worker spends seconds on importing all of them.
    """
    return (os.cpu_count() or 1) + (config.option.markexpr != "quick")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Import the tests without looking for garbage among what stays until the end.

    Python would traverse all modules and tests anew each time that their number has grown by a
    quarter, which takes more than a third of the time of their import, and again during the tests.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(50_000, 20, 50)  # as the program itself has it


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the long tests with random inputs."""
    parser.addoption("--monkey-seconds", type=float, default=60, help="with -m slow: how long")
    parser.addoption("--monkey-seed", type=int, default=1, help="of the first random inputs")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files that cannot be imported here, and in the quick tier what is never quick."""
    if config.option.markexpr == "quick" and is_never_quick(collection_path):
        return True
    if collection_path.suffix == ".py" and needs_a_missing_module(collection_path):
        return True
    return None


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests of the quick tier, if that is asked for."""
    if "quick" not in item.config.option.markexpr or not isinstance(item, pytest.Function):
        return
    if is_quick(item):
        item.add_marker(pytest.mark.quick)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that in the end no worker is busy with one alone.

    Of the quick tier the others go before Hypothesis, which has no test in it, reads all modules.
    """
    items.sort(key=lambda item: item.name not in LONGEST)
    if config.option.markexpr == "quick":
        others = [item for item in items if not item.get_closest_marker("quick")]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item.get_closest_marker("quick")]


@pytest.fixture(scope="session", autouse=True)
def runs_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test saves runs among those of the user, nor does a process that it starts."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_TUI_RUNS_DIR", str(folder))
        yield folder


@pytest.fixture(scope="session", autouse=True)
def bytecode() -> Iterator[None]:
    """Processes that tests start use the bytecode of this one."""
    with pytest.MonkeyPatch.context() as patch:
        if BYTECODE:
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(BYTECODE))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_wait_for_the_disk() -> Iterator[None]:
    """No test cuts the power, and what a killed process has written is there without `fsync`.

    Processes that tests start do wait for the disk.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)
        yield


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="session")
def small(mnist: Dataset) -> Dataset:
    """300 training and 200 test images."""
    return Dataset(mnist.train[:300], mnist.test[:200], "small", mnist.sha256)
