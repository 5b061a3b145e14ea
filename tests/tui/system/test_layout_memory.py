"""The file of the layouts that were chosen by measurement."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from nn.config import TrainConfig
from nn.spec import MNIST, DataSpec
from nn.storage.records import LayoutTiming
from tui.system import layout_memory
from tui.system.layout_memory import Case, Choice, recall, remember, remembered, replace_choices

CONFIG = TrainConfig(hidden=(64, 16), augment_shift=1.5)
TIMINGS = (LayoutTiming(1, 4, 0.0009), LayoutTiming(2, 2, 0.0006))


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "new" / "runs"))
    return tmp_path / "new" / "cores.json"


def choice(processes: int = 2, **fields: object) -> Choice:
    case = Case.of(TrainConfig.layered(CONFIG.to_dict(), fields), MNIST, 4)
    return Choice(case, processes, 2, TIMINGS)


def test_a_choice_is_remembered_by_what_decides_on_the_time_of_a_step() -> None:
    assert remember(choice()) == choice()
    assert recall(choice(seed=7, learning_rate=0.5, epochs=99, dropout=0.3).case) == choice()
    others = [{"hidden": (64,)}, {"batch_size": 9}, {"dtype": "float64"}, {"augment_shift": 1.0}]
    for fields in others:
        assert recall(choice(**fields).case) is None
    config = choice().case.config
    assert recall(Case.of(config, MNIST, 8)) is None
    assert recall(Case.of(config, DataSpec(20, 20, ("a", "b")), 4)) is None


def test_another_processor_or_library_is_another_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    remember(choice())
    monkeypatch.setattr(layout_memory, "blas", lambda: "mkl 2020")
    assert recall(choice().case) is None
    assert len(remembered()) == 1


def test_the_first_choice_stays_until_it_is_replaced() -> None:
    remember(choice())
    remember(choice(batch_size=9))
    assert remember(choice(4)) == choice()
    assert recall(choice().case) == choice()
    replace_choices([choice(4)])
    assert recall(choice().case) == choice(4)
    assert recall(choice(batch_size=9).case) == choice(batch_size=9)


def test_the_oldest_choices_are_forgotten(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.system.layout_memory._MOST_CHOICES", 30)
    replace_choices(choice(batch_size=size) for size in range(1, 40))
    assert [each.case.config.batch_size for each in remembered()] == list(range(10, 40))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[1, 2",
        b"[" * 10_000,
        b"7",
        b'{"schema": 1}',
        b'{"schema": 1, "choices": 3}',
        b'{"schema": 1, "choices": [null, 3, {}, {"config": 3}, {"config": {"hidden": "x"}}]}',
        b'{"schema": 1, "choices": [{"config": {"gone": 1}, "pixels": 1, "classes": 2}]}',
    ],
)
def test_a_damaged_file_is_nothing_remembered(file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    assert remembered() == []
    assert remember(choice()) == choice()
    assert recall(choice().case) == choice()


def test_entries_that_make_no_sense_are_left_out(file: Path) -> None:
    replace_choices([choice(), choice(batch_size=9), choice(batch_size=8)])
    values = json.loads(file.read_text())
    first, second, _ = values["choices"]
    first["processes"], second["timings"] = 0, "long"
    file.write_text(json.dumps(values))
    assert remembered() == [choice(batch_size=8)]
    file.write_text(json.dumps(values | {"schema": 2}))
    assert remembered() == []


def test_a_file_that_cannot_be_written_is_no_error(file: Path) -> None:
    file.parent.write_text("in the way")
    assert remember(choice()) == choice()
    assert recall(choice().case) is None
    file.parent.unlink()
    file.mkdir(parents=True)
    assert remember(choice()) == choice()
    assert stat.S_ISDIR(file.stat().st_mode)


def test_a_user_without_a_home_has_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_memory, "default_runs_folder", lambda: None)
    assert remember(choice()) == choice()
    assert remembered() == []
