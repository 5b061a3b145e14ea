"""Two saved runs compared, without a screen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nn.analysis.disagreement import Disagreement
from nn.data.dataset import Dataset
from nn.events import RateChanged
from nn.storage.runs import SavedRun
from tests.support.compared import NAMES, save_one, save_pair
from tests.support.saved_runs import append, save_run, write_record
from tui.app.state.comparison import Comparer, Comparison, opened_cell
from tui.app.state.comparison_words import (
    chance_words,
    confusion_words,
    differing_rows,
    epoch_rows,
    more_words,
    same_words,
    seed_list,
    seeds_words,
    short_seed_lines,
    value_rows,
)
from tui.app.state.seed_pairs import SeedPairs, seed_pairs


def looked(root: Path, runs: tuple[SavedRun, SavedRun], data: Dataset) -> Comparison:
    return Comparer(runs, root, data).look()


def test_two_networks_digit_by_digit(tmp_path: Path, small: Dataset) -> None:
    found = looked(tmp_path, save_pair(tmp_path, small, loss="cross-entropy"), small)
    digits = found.digits
    assert (found.reason, found.live, found.dataset) == ("", False, small)
    assert digits is not None
    poor, good = (outputs.predicted == small.test.labels for outputs in digits.outputs)
    assert digits.found.second_only == tuple(np.flatnonzero(good & ~poor).tolist())
    assert digits.found.total == len(small.test)
    [(label, said, count), *_] = digits.confusions(0, 3)
    predicted = digits.outputs[0].predicted
    assert count == np.count_nonzero((small.test.labels == label) & (predicted == said)) > 0
    assert confusion_words(digits, 0, 1, ">") == f"{label}>{said} {count}"
    cell = opened_cell(found, "second_only")
    assert (cell.run.name, cell.words, cell.short) == (NAMES[0], "B right, A wrong", "B not A")
    assert cell.indices == digits.found.second_only
    assert (cell.swapped.run.name, cell.swapped.right) == (NAMES[1], "first_only")
    assert opened_cell(found, "both").swapped.right == "both"


def test_numbers_and_configurations_beside_each_other(tmp_path: Path, small: Dataset) -> None:
    runs = save_pair(tmp_path, small, loss="binary-cross-entropy")
    found = looked(tmp_path, runs, small)
    rows = {row[0]: row[1:] for row in value_rows(found, "epoch", None)}
    assert rows["epoch"] == ("4", "4")
    assert rows["test acc"] == rows["best test"] == ("10.00%", "80.00%")
    assert rows["gap"] == ("2.00", "2.00")
    assert "test loss" not in rows  # of different functions
    early = {row[0]: row[1:] for row in value_rows(found, "step", 10)}
    assert early["epoch"] == ("1", "1")
    assert epoch_rows(found, 4) == [], "two epochs would tell little"
    *above, first, second, last = epoch_rows(found, 5)
    assert above == [("", "", ""), ("test acc", "", "")]
    assert (first[0], second[0]) == ("epoch 1", "epoch 2")
    assert last == ("epoch 4", "10.00%", "80.00%")
    assert [row[0] for row in epoch_rows(found, 50)[2:]] == [f"epoch {n}" for n in (1, 2, 3, 4)]
    assert differing_rows(found) == [
        ("loss", "cross-entropy", "binary-cross-entropy"),
        ("lr", "0.008", "0.1"),
    ]
    for rate, shown in ((0.17790613846114536, "0.1779"), (0.00800001, "0.00800001")):
        other = save_one(
            tmp_path, f"20261104-{rate}", small, trained=True, accuracy=0.8, learning_rate=rate
        )
        assert differing_rows(looked(tmp_path, (runs[0], other), small)) == [("lr", "0.008", shown)]
    assert same_words(found).startswith("the same: 784-4-10, relu, adam, batch 128, 1 epoch")
    rate = {"learning_rate": 0.1}
    alike = save_one(tmp_path, "20261103-1", small, trained=True, accuracy=0.8, **rate)
    rows = {
        row[0]: row[1:] for row in value_rows(looked(tmp_path, (runs[0], alike), small), "epoch", 2)
    }
    assert rows["test loss"] == ("0.4333", "0.4333")


def test_what_cannot_be_compared_digit_by_digit(tmp_path: Path, small: Dataset) -> None:
    first, second = save_pair(tmp_path, small)
    write_record(second.path, second.record, data_sha256="6" * 64, data_name="other digits")
    found = looked(tmp_path, (first, SavedRun.read(second.path)), small)
    assert found.digits is None
    assert "trained on different data, A on scripted, B on other digits" in found.reason
    assert "same data" in found.seeds.refusal
    assert len(found.sides[1].history.evaluations) == 4  # the curves are there all the same

    write_record(second.path, second.record, best=None)
    assert "B was never evaluated" in looked(tmp_path, (first, second), small).reason
    write_record(second.path, second.record)
    (second.path / "best.npz").write_bytes(b"not a network")
    assert "best.npz" in looked(tmp_path, (first, second), small).reason


def pairs(root: Path, runs: tuple[SavedRun, SavedRun], *names: str) -> SeedPairs:
    return seed_pairs(runs, [*runs, *(SavedRun.read(root / name) for name in names)])


def test_seeds_are_paired_from_whatever_trained_them(tmp_path: Path, small: Dataset) -> None:
    runs = save_pair(tmp_path, small)
    alone = pairs(tmp_path, runs)
    assert alone.differences == {0: pytest.approx(0.7)}
    assert alone.difference is None
    assert "1 seed of both so far" in seeds_words(alone)
    tasks = alone.missing(2)
    assert [(task.letter, task.seed) for task in tasks] == [("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert [task.label for task in tasks[:2]] == ["poor-net-seed-1", "good-net-seed-1"]
    assert tasks[1].experiment.config == replace(runs[1].record.config, seed=1)
    assert "+ trains 4 more of both: about 2:40." in more_words(alone, "+")

    rate = {"learning_rate": 0.1}
    for name, changes in {
        "20261103-100000-a-1": {"seed": 1},
        "20261103-100000-b-1": {"seed": 1, **rate},
        "20261103-100000-b-7": {"seed": 7, **rate},
        "20261103-100000-other": {"seed": 7, "dropout": 0.5},
    }.items():
        save_one(tmp_path, name, small, trained=True, accuracy=0.9, **changes)
    names = [path.name for path in tmp_path.iterdir() if path.name.startswith("20261103")]
    known = pairs(tmp_path, runs, *names)
    assert known.differences == {0: pytest.approx(0.7), 1: 0.0}
    assert known.difference is not None
    assert known.difference.pairs == 2
    assert "2 seeds in pairs: B has +35.00 points on average" in seeds_words(known)
    assert "it may be the seed." in seeds_words(known)
    assert short_seed_lines(known, None, "+")[1].startswith("May be the seed. + 4 more")
    assert seed_list(known) == "Points of B more than of A: +70.00 with seed 0, +0.00 with seed 1."
    # A lacks seed 7; the next seed that is free is 2.
    assert [(task.letter, task.seed) for task in known.missing(2)] == [("A", 7), ("A", 2), ("B", 2)]


def test_runs_that_tell_nothing_of_a_seed(tmp_path: Path, small: Dataset) -> None:
    runs = save_pair(tmp_path, small)
    append(runs[1].path, [RateChanged(step=5, factor=2.0)])
    assert pairs(tmp_path, runs).differences == {}  # its rate was changed by hand
    seeds_only = save_pair(tmp_path / "seeds", small, learning_rate=0.008, seed=1)
    one_setting = pairs(tmp_path, seeds_only)
    assert short_seed_lines(one_setting, None, "+") == [
        "Both settings are the same, but for the seed."
    ]
    assert seeds_words(one_setting) == seed_list(one_setting) == ""
    twins = pairs(tmp_path, save_pair(tmp_path / "twins", small, learning_rate=0.008))
    assert (twins.refusal, seed_list(twins)) == ("Both settings are the same.", "")
    unfinished = save_run(tmp_path, "20261104-100000-x", done=2, status="interrupted")
    half = seed_pairs((runs[0], unfinished), [runs[0], unfinished])
    assert half.accuracies[1] == {}
    first = half.missing(1)[0]
    assert (first.letter, first.seed) == ("B", 0)
    assert first.seconds == pytest.approx(2 * unfinished.record.seconds)  # half of it was done


@pytest.mark.parametrize(
    ("b", "c", "short", "long"),
    [
        (0, 0, "Both are right on the same digits.", "Both are right on the same digits."),
        (5, 5, "may be chance (p = 1.00)", "as many digits."),
        (50, 65, "B +1.50: may be chance (p = 0.19)", "in 19 of 100 cases: it may be"),
        (80, 50, "B -3.00: hardly chance (p = 0.011)", "A is right on 30 more of 1,000"),
        (60, 27, "B -3.30: hardly chance (p < 0.001)", "1 of 1,000 cases: it is hardly"),
        (90, 10, "hardly chance (p < 0.001)", "fewer than 1 of 1,000 cases"),
    ],
)
def test_chance_in_words(b: int, c: int, short: str, long: str) -> None:
    both = tuple(range(1000 - b - c))
    found = Disagreement(both, tuple(range(b)), tuple(range(c)), ())
    assert short in chance_words(found, short=True)
    assert long in chance_words(found, short=False)
