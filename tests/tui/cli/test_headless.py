"""Headless runs from end to end: what goes to which stream, and what can be done with it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nn.config import TrainConfig
from nn.data.dataset import Dataset
from nn.parallel.shared_memory import is_supported
from nn.storage.model_file import read_model
from tests.support.commands import call_command, run_command
from tests.support.json_schema import check_stream


def test_in_a_pipe_the_narration_is_plain_lines_on_stderr(small_run: Sequence[str]) -> None:
    result = run_command(*small_run, "--epochs=3", env={"FORCE_COLOR": "1"})
    assert (result.returncode, result.stdout) == (0, "")
    assert "\x1b" not in result.stderr
    assert "\r" not in result.stderr
    lines = result.stderr.splitlines()
    rows = [line.split() for line in lines if line.strip() and line.split()[0] in "123"]
    assert [(row[0], row[1]) for row in rows] == [("1", "3"), ("2", "6"), ("3", "9")]
    assert lines[-4].startswith("completed after 3 epochs, 9 steps, ")
    assert lines[-3].startswith("test accuracy ")
    assert lines[-2].startswith("run saved in ")
    assert lines[-1].startswith("repeat: mnist-tui --headless ")
    assert max(map(len, lines[:-2])) < 80


def test_quiet_says_nothing(small_run: Sequence[str]) -> None:
    result = call_command(*small_run, "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_json_lines_follow_the_documented_schema(small_run: Sequence[str]) -> None:
    result = call_command(
        *small_run, "--epochs=3", "--json", "--step-interval=0", "--validation=0.2"
    )
    assert (result.returncode, result.stderr) == (0, "")
    events = check_stream(result.stdout)
    assert [event["event"] for event in events] == [
        "run_started",
        *(["step"] * 3 + ["epoch"]) * 3,
        "run_finished",
    ]
    assert events[-1]["reason"] == "completed"
    assert events[-1]["saved"] is None
    best = max(
        event["evaluation"]["test"]["accuracy"] for event in events if event["event"] == "epoch"
    )
    assert events[-1]["best"]["test"]["accuracy"] == best


def test_what_warps_cost_is_told_beside_the_speed(small_run: Sequence[str]) -> None:
    plain = check_stream(call_command(*small_run, "--json").stdout)
    assert plain[-1]["warping"] is None
    warped = *small_run, "--augment-shift=2"
    for processes in (1, 2) if is_supported() else (1,):
        done = call_command(*warped, "--json", f"--processes={processes}", "--threads=2")
        assert 0 < check_stream(done.stdout)[-1]["warping"] < 1
    assert "% of the time for warping them)" in call_command(*warped).stderr


def test_json_of_a_divergent_run_is_strict(small_run: Sequence[str]) -> None:
    result = call_command(*small_run, "--json", "--optimizer=sgd", "--lr=1e30", "--step-interval=0")
    assert result.returncode == 1
    events = check_stream(result.stdout)
    assert events[-1]["reason"] == "diverged"
    assert events[-1]["evaluation"] is None


def test_the_command_of_a_run_repeats_it_exactly(small_run: Sequence[str], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("seed = 5\ndropout = 0.25\n")
    arguments = [
        *small_run,
        f"--config={file}",
        "--recipe=lincoln-tanh",
        "--json",
        "--step-interval=0",
    ]
    first = check_stream(call_command(*arguments).stdout)
    words = shlex.split(first[0]["command"])
    assert words[0] == "mnist-tui"
    assert "--recipe" in words
    assert not any("mine.toml" in word for word in words)
    second = check_stream(call_command(*words[1:], "--json", "--step-interval=0").stdout)
    assert first[0]["config"] == second[0]["config"]
    losses = [
        [event["loss"] for event in run if event["event"] == "step"] for run in (first, second)
    ]
    assert losses[0] == losses[1]


def test_a_data_folder_with_blanks_is_quoted_in_the_command(
    tiny_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "it's a folder"
    folder.symlink_to(tiny_folder)
    result = call_command("--headless", "--data-dir", folder, "--hidden=4", "--epochs=1")
    command = result.stderr.splitlines()[-1].removeprefix("repeat: ")
    assert f"--data-dir={folder}" in shlex.split(command)


def test_a_saved_model_is_the_trained_one(
    small_run: Sequence[str], tiny: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "model"
    result = call_command(*small_run, "--json", "--save", path)
    finished = check_stream(result.stdout)[-1]
    assert finished["saved"] == str(path)
    predictor = read_model(path)
    assert predictor.config.hidden == (8,)
    assert predictor.score(tiny.test).accuracy == finished["evaluation"]["test"]["accuracy"]
    with np.load(path, allow_pickle=False) as arrays:
        assert arrays["layer1.weight"].shape == (784, 8)


def test_early_stopping_tells_the_restored_step(small_run: Sequence[str]) -> None:
    result = call_command(
        *small_run,
        *("--epochs=200", "--patience=1", "--stop-on=test", "--lr=0.5", "--schedule=constant"),
        "--json",
    )  # fmt: skip
    finished = check_stream(result.stdout)[-1]
    assert (result.returncode, finished["reason"]) == (0, "early-stopped")
    assert finished["kept_step"] < finished["step"]
    assert finished["evaluation"]["step"] == finished["kept_step"]


def test_step_interval_limits_the_events(small_run: Sequence[str]) -> None:
    rare = check_stream(call_command(*small_run, "--json", "--step-interval=1000").stdout)
    assert "step" not in [event["event"] for event in rare]


@pytest.mark.slow
def test_threads_are_those_in_force(small_run: Sequence[str]) -> None:
    env = {"OPENBLAS_NUM_THREADS": None}
    for threads in (1, 2):
        result = run_command(*small_run, f"--threads={threads}", "--json", env=env)
        started = check_stream(result.stdout)[0]
        assert started["config"]["threads"] == threads
        # A library may use fewer than asked for, on a machine with fewer cores; ours never more.
        assert started["threads"] is None or started["threads"] <= threads
    assert sys.platform != "linux" or started["threads"] is not None


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"HOME": None}, marks=pytest.mark.slow),
        {"HOME": "/dev/null", "MNIST_TUI_RUNS_DIR": None, "XDG_DATA_HOME": None},
    ],
)
def test_home_is_not_needed(
    env: dict[str, str | None], small_run: Sequence[str], tmp_path: Path
) -> None:
    for arguments in (small_run, ["--help"]):
        result = run_command(*arguments, cwd=tmp_path, env=env)
        assert result.returncode == 0, result.stderr
        assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_print_config_is_a_configuration_file(tmp_path: Path) -> None:
    result = call_command("--recipe=keras-adam", "--hidden=none", "--print-config")
    assert (result.returncode, result.stderr) == (0, "")
    file = tmp_path / "mine.toml"
    file.write_text(result.stdout)
    again = call_command("--config", file, "--print-config")
    assert again.stdout == result.stdout
    assert "hidden = []" in result.stdout


def test_summary_counts_the_parameters() -> None:
    result = call_command("summary", "--hidden=64-16", "--dropout=0.1")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[1] == ["Linear", "64", "50,240"]
    assert rows[-1] == ["total", "51,450"]
    assert [row[0] for row in rows].count("Dropout") == 2


def test_gradcheck_passes_and_prints_every_check() -> None:
    result = call_command("gradcheck")
    assert (result.returncode, result.stderr) == (0, "")
    names = result.stdout.splitlines()[1:]
    for part in ("linear, weight", "sigmoid", "dropout", "squared-error-normalized", "network "):
        assert any(name.startswith(part) for name in names)
    assert all(float(line.split()[-1]) < 1e-7 for line in names)


def test_recipes_are_listed_and_shown() -> None:
    listed = call_command("recipes").stdout.splitlines()
    assert all(len(line.split("  ")) >= 2 for line in listed)
    assert "lincoln-tanh" in [line.split()[0] for line in listed]
    shown = call_command("recipes", "lincoln-tanh").stdout
    assert "[train]" in shown
    assert 'activation = "tanh"' in shown


def test_the_default_configuration_is_what_no_flag_means() -> None:
    printed = call_command("--print-config").stdout
    assert printed == TrainConfig().to_toml()


def test_advice_is_given_while_it_trains_and_once() -> None:
    flags = ("--limit=4000", "--batch-size=10", "--optimizer=sgd", "--schedule=constant")
    flags = (*flags, "--hidden=30", "--lr=3", "--epochs=2", "--no-save")
    for form in ((), ("--json",)):
        done = call_command("--headless", *flags, *form)
        assert done.returncode == 0
        advice = [line for line in done.stderr.splitlines() if "warning:" in line]
        assert len(advice) == 1, done.stderr
        assert "of the units of hidden layer 1 are dead" in advice[0]
        assert "--learning-rate" in advice[0]


def test_no_advice_where_all_is_well() -> None:
    done = call_command("--headless", "--limit=4000", "--epochs=2", "--no-save")
    assert "warning" not in done.stderr
