"""A lesson as it is worked through, and what is remembered of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.lessons.catalogue import find_lesson
from tui.lessons.progress import NAME, Progress, Record
from tui.lessons.session import Session, compute


def session_of(name: str, record: Record | None = None) -> Session:
    return Session(find_lesson(name), record or Record())


def told(session: Session) -> str:
    return "\n".join(session.told(compute(session.lesson, session.settings)))


def helped(session: Session) -> list[str]:
    view = compute(session.lesson, session.settings, solved=session.solved)
    return session.helped(view)


def test_nothing_moves_before_the_prediction() -> None:
    session = session_of("softmax")
    assert not session.turn(1)
    assert not session.help()
    assert session.settings == session.lesson.start()
    assert not session.judge(compute(session.lesson, session.lesson.solution().state))
    assert not session.predict(3)
    assert session.predict(1)
    assert session.turn(1)
    assert session.settings["temperature"] == 2.0


def test_the_prediction_stands_beside_the_result_and_cannot_be_changed() -> None:
    session = session_of("softmax")
    session.predict(1)
    assert not session.predict(0)
    assert "You predicted b: it is a." in told(session)
    right = session_of("softmax")
    right.predict(0)
    assert "You predicted a: right." in told(right)


def test_a_knob_stops_at_its_ends() -> None:
    session = session_of("softmax")
    session.predict(0)
    while session.turn(-1):
        pass
    assert session.settings["temperature"] == 0.1
    session.choose(-1)
    assert session.turn(1)
    assert session.settings["cure"] == "on"
    assert not session.turn(1)
    session.back_to_start()
    assert session.settings == session.lesson.start()


def test_a_task_passes_by_what_is_measured_and_stays_passed() -> None:
    session = session_of("simplenet")
    session.predict(0)
    assert not session.judge(compute(session.lesson, session.settings))
    session.choose(1)
    for _ in range(5):  # the weight w23
        session.turn(1)
    session.choose(1)
    while not session.judge(compute(session.lesson, session.settings)):
        assert session.turn(1)
    result = compute(session.lesson, session.settings).result
    assert result is not None
    assert result.verdict.passed
    session.back_to_start()
    assert session.record.passed
    assert "Task, passed" in told(session)


def test_two_hints_and_then_the_solution_which_stays() -> None:
    session = session_of("neuron")
    session.predict(0)
    counts = []
    while session.help():
        counts.append(len(helped(session)))
    assert counts == [1, 2, 3]
    assert helped(session)[2].startswith("Solution: x1 = -1")
    session.record.passed = True
    assert helped(session_of("neuron", session.record)) == helped(session)


def test_a_lesson_goes_on_where_it_was_left(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "deep" / NAME)
    session = Session(find_lesson("descent"), progress.of("descent"))
    session.predict(2)
    session.turn(1)
    session.help()
    progress.last = "descent"
    progress.save()
    again = Progress(progress.path)
    assert again.last == "descent"
    resumed = Session(find_lesson("descent"), again.of("descent"))
    assert resumed.settings == session.settings
    assert resumed.record == session.record
    assert resumed.record.status == "begun"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\x00",
        b"[]",
        b"[" * 100_000,
        b'{"last": 3, "lessons": []}',
        b'{"lessons": {"descent": 1, "data": {"prediction": "b", "passed": "yes", "help": 99}}}',
        b'{"lessons": {"data": {"prediction": 77, "help": -1, "settings": {"show": []}}}}',
    ],
)
def test_a_broken_file_is_no_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)
    progress = Progress(path)
    assert progress.last is None
    for name in ("data", "descent"):
        session = Session(find_lesson(name), progress.of(name))
        assert session.settings == session.lesson.start()
        assert (session.record.prediction, session.record.passed) == (None, False)
    progress.of("data").passed = True
    progress.save()
    assert json.loads(path.read_bytes())["lessons"]["data"]["passed"] is True


def test_progress_that_cannot_be_written_is_told_and_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    progress = Progress(tmp_path / "file" / NAME)
    progress.of("data").passed = True
    progress.save()
    assert progress.trouble is not None
    assert progress.of("data").passed


def test_progress_lies_beside_the_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_TUI_RUNS_DIR", str(tmp_path / "runs"))
    assert Progress.of_user().path == tmp_path / NAME


def test_knobs_are_never_broken_at_the_end_of_a_line() -> None:
    session = session_of("overfitting")
    assert session.knob_lines(200) == (
        " run few images   images 300   decay 0   dropout 0   validation none   show accuracy "
    )
    session.predict(0)
    session.choose(3)
    assert session.knob_lines(41) == (
        " run few images   images 300   decay 0 \n<dropout 0>  validation none \n show accuracy "
    )
