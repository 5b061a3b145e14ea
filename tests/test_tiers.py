"""The quick tier leaves out what starts processes, reached directly, by a helper or a fixture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.tiers import is_quick, needs_a_missing_module


def start_process() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


@pytest.fixture
def started() -> None:
    start_process()


class Holder:
    def start(self) -> None:
        start_process()


def test_itself_is_quick(request: pytest.FixtureRequest) -> None:
    assert is_quick(request.node)


def test_a_process_in_a_helper(request: pytest.FixtureRequest) -> None:
    start_process()
    assert not is_quick(request.node)


@pytest.mark.usefixtures("started")
def test_a_process_in_a_fixture(request: pytest.FixtureRequest) -> None:
    assert not is_quick(request.node)


def test_a_process_in_a_class_or_an_inner_function(request: pytest.FixtureRequest) -> None:
    def inner() -> None:
        Holder().start()

    inner()
    assert not is_quick(request.node)


def test_files_for_posix_are_left_out_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "test_locks.py"
    file.write_text("import fcntl\nimport os\n")
    assert not needs_a_missing_module(file)
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert needs_a_missing_module(file)
