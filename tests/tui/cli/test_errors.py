"""Whatever a user gets wrong ends in one line, an exit code, and no traceback."""

from __future__ import annotations

import gzip
import os
import re
import resource
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.support.commands import ROOT, call_command, refused, run_command
from tests.support.tiny_data import idx_bytes, tiny_arrays
from tui.__main__ import main
from tui.cli.parser import run
from tui.system.exits import CommandError, ExitCode

COMMANDS = ROOT / "tui" / "cli" / "COMMANDS.md"
TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = tiny_arrays()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--learnig-rate 1", "unknown option --learnig-rate; did you mean '--learning-rate'?"),
        ("--headles", "unknown option --headles; did you mean '--headless'?"),
        ("-z", "unknown option -z; see `mnist-tui --help`"),
        ("sweep --method tpe", "unknown option --method; see `mnist-tui sweep --help`"),
        ("serve --name https://a.org", "--name https://a.org: must be a host alone"),
        ("serve --name a.org:8000", "--name a.org:8000: must be a host alone"),
        ("committee --recipe record-committee --members -2", "--members -2: a committee has at"),
        ("committee --recipe default", "--recipe default: a recipe of 1 network; add --members=5"),
        ("committee last --seed 3", "--seed 3: is for --recipe, whose networks are trained"),
        ("committee last --members 3", "--members 3: is for --recipe, whose networks are trained"),
        ("bench --cores --no-peers", "--no-peers contradicts --cores, which times no other"),
        ("committee last --save no/c.npz", "--save no/c.npz: there is no folder no"),
        ("committee a b --save c.onnx", "name it c.npz; for another format: mnist-tui export RUN"),
        ("--headless --save m.onnx", "--save m.onnx: is written in the format of .npz files; name"),
        ("--headless --save a/m.PT", "name it a/m.npz; for another format: mnist-tui export RUN"),
        ("--save m.safetensors", "name it m.npz; for another format: mnist-tui export RUN --for"),
        ("--headless --save m.keras", "is written in the format of .npz files; name it m.npz"),
        ("predcit x", "unknown command 'predcit'; did you mean 'predict'?"),
        ("xyz", "unknown command 'xyz'; the commands are recipes, reproduce, "),
        ("recipes a b", "unexpected argument 'b'; see `mnist-tui recipes --help`"),
        ("recipes zzz", "unknown recipe 'zzz'; `mnist-tui recipes` lists them"),
        ("runs shwo", "unknown command 'shwo' of runs; did you mean 'show'?"),
        ("sweeps zzz", "unknown command 'zzz' of sweeps; the commands are show, export, and"),
        ("sweeps zzz", "the commands are show, export, and `mnist-tui sweeps` alone lists all"),
        ("runs list", "and `mnist-tui runs` alone lists all"),
        ("recipes two-layer-nte", "unknown recipe 'two-layer-nte'; did you mean 'two-layer-net'?"),
        ("--headless --recipe keras-adm", "unknown recipe 'keras-adm'; did you mean 'keras-adam'?"),
        ("summary --activation rleu", "did you mean 'relu'?"),
        ("completion bsh", 'Did you mean "bash"?'),
        ("reproduce --al", "unknown option --al; did you mean '--all'?"),
        ("predict --modle m.npz", "unknown option --modle; did you mean '--model'?"),
        ("predict x.png", "x.png: No such file or directory"),
        ("--epochs", "--epochs requires an argument"),
        ("--epochs=", "epochs=: must be a whole number"),
        ("--seed 1 --seed 2", "--seed specified multiple times"),
        ("--lr 1 --learning-rate 2", "specified multiple times"),
        ("--eval-train=perhaps", "invalid value for --eval-train"),
        ("--batch-size 0", "batch_size=0: must be at least 1"),
        ("--dropout 1", "dropout=1.0: must be at least 0 and below 1"),
        ("--seed -1", "seed=-1: must be at least 0"),
        ("--step-interval nan", "--step-interval nan: must be at least 0"),
        ("--step-interval x", "invalid value for --step-interval"),
        ("--epochs 3 --steps 5", "epochs=3: contradicts steps=5"),
        ("--patience 2", "patience=2: needs validation images"),
        (
            "--loss cross-entropy --output-activation sigmoid",
            "output_activation=sigmoid: contradicts loss",
        ),
        ("reproduce", "either the names of recipes or --all"),
        ("reproduce --all two-layer-net", "either the names of recipes or --all"),
        ("reproduce default", "recipe default has no published results"),
        ("reproduce two-layer-net nope", "unknown recipe 'nope'"),
        ("--config missing.toml", "config file missing.toml: No such file or directory"),
        ("--headless --data-dir missing", "data folder missing: no such folder"),
        ("runs --runs-dir file", "--runs-dir file: file is a file; name a folder, which may be"),
        ("sweep --seeds 2 --runs-dir file/x", "--runs-dir file/x: file is a file; name a folder"),
        ("sweeps --runs-dir file", "--runs-dir file: file is a file; name a folder"),
        ("--epochs 1 --runs-dir file", "--runs-dir file: file is a file; name a folder"),
        ("--headless --data-dir file/x", "data folder file/x: file is a file, where a folder is"),
        ("--headless --save file/x", "file is a file, where a folder is wanted"),
        ("--config folder", "config file folder: a folder, where a file is wanted"),
        ("sweep folder", "sweep folder: a folder, where a file is wanted"),
        ("--print-config --config file/x", "config file file/x: file is a file, where a folder"),
    ],
)  # fmt: skip
def test_usage(
    words: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert main(words.split()) == ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("mnist-tui: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_an_empty_path_is_refused_and_not_the_working_directory() -> None:
    """Those that name a run too refuse it themselves; of --data-dir it means the embedded MNIST."""
    named = set(re.findall(r"`(--[a-z-]+)(?:, (-o))? (?:FILE|FOLDER|DIR)`", COMMANDS.read_text()))
    names = {name for pair in named for name in pair if name} - {"--data-dir"}
    assert len(names) > 4
    for name in names:
        for words in ([name, ""], [f"{name}="]):
            with pytest.raises(CommandError, match=f"^{name}: empty; a path is wanted$"):
                run(words)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"epoch = 3\n", "unknown field 'epoch'; did you mean 'epochs'?"),
        (b"lr = 0.1\n", "unknown field 'lr'; did you mean 'learning_rate'?"),
        (b"epochs = 'x'\n", "epochs=x: must be a whole number"),
        (b"epochs = 1\nsteps = 1\n", "epochs=1: contradicts steps=1"),
        (b"[[[\n", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8 text"),
    ],
)
def test_configuration_files(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_bytes(content)
    assert message in refused(call_command("--config", file))


def _replace(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def _labels(label: int) -> bytes:
    labels = tiny_arrays()[TRAIN_LABELS]
    labels[5] = label
    return idx_bytes(labels)


FOUR_BILLION = struct.pack(">HBBIII", 0, 8, 3, 4_000_000_000, 28, 28)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: [file.unlink() for file in folder.iterdir()],
            "the folder is empty; expected",
        ),
        (lambda folder: (folder / TEST_LABELS).unlink(), "t10k-labels-idx1-ubyte: no such file"),
        (
            _replace(TRAIN_IMAGES, gzip.compress(idx_bytes(tiny_arrays()[TRAIN_IMAGES]))[:-2000]),
            "cut short",
        ),
        (_replace(TRAIN_IMAGES, b"\x1f\x8b" + bytes(100)), "damaged gzip"),
        (
            _replace(TRAIN_IMAGES, b"\x01\x02" + idx_bytes(tiny_arrays()[TRAIN_IMAGES])[2:]),
            "not an IDX file",
        ),
        (_replace(TRAIN_IMAGES, b"label,pixel0,pixel1\n7,0,0\n"), "not an IDX file"),
        (_replace(TRAIN_IMAGES, b""), "not an IDX file"),
        (_replace(TRAIN_IMAGES, FOUR_BILLION), "the header promises 3,136,000,000,016 bytes"),
        (
            _replace(TRAIN_IMAGES, gzip.compress(FOUR_BILLION)),
            "the header promises 3,136,000,000,016 bytes",
        ),
        (
            _replace(TRAIN_LABELS, idx_bytes(np.zeros(119, np.uint8))),
            "119 labels for the 120 images",
        ),
        (_replace(TRAIN_LABELS, _labels(200)), "label 5 is 200, expected 0 to 9"),
        (
            _replace(TRAIN_IMAGES, idx_bytes(np.zeros((120, 32, 32), np.uint8))),
            "images of 28x28 pixels, those for training 32x32",
        ),
    ],
)
def test_data_folders(
    damage: Callable[[Path], object], message: str, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(tiny_folder, folder)
    damage(folder)
    assert message in refused(call_command("--headless", "--data-dir", folder))


def test_a_divergent_run_fails_with_one_line_and_the_reason(small_run: list[str]) -> None:
    result = call_command(*small_run, "--optimizer=sgd", "--lr=1e30", "--quiet")
    line = refused(result, ExitCode.FAILURE)
    assert line.startswith("diverged: the loss was not finite after step ")


def test_a_model_that_could_not_be_saved_is_refused_before_training(
    small_run: list[str], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")  # saving replaces what is there, so nothing but a file may be
    for target in ("missing/model.npz", ".", "pipe"):
        line = refused(call_command(*small_run, "--save", tmp_path / target))
        assert line.startswith(f"--save {tmp_path / target}: ")
    assert (tmp_path / "pipe").is_fifo()


def test_a_save_that_is_refused_leaves_the_old_file(small_run: list[str], tmp_path: Path) -> None:
    old = tmp_path / "old.npz"
    old.write_bytes(b"precious")
    assert call_command(*small_run, "--save", old, "--data-dir=missing").returncode == 2
    assert call_command(*small_run, "--save", old, "--lr=-1").returncode == 2
    assert old.read_bytes() == b"precious"
    assert [file.name for file in tmp_path.iterdir()] == ["old.npz"]


def test_too_little_memory(tiny_folder: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))

    result = run_command(
        "--headless", f"--data-dir={tiny_folder}", "--hidden=60000-60000", preexec_fn=limit
    )
    assert refused(result, ExitCode.FAILURE).startswith("not enough memory")


def test_the_screen_needs_a_terminal() -> None:
    assert refused(run_command()) == (
        "standard input is not a terminal; train without a screen with --headless"
    )


@pytest.mark.parametrize("words", [["--json"], ["--quiet"], ["--step-interval", "5"]])
def test_flags_that_contradict_the_screen(words: list[str]) -> None:
    told = f"{words[0]} is for runs without a screen; add --headless"
    assert refused(call_command(*words)) == told


def test_a_flag_that_contradicts_a_run_without_a_screen() -> None:
    told = "--no-mouse is for the application; leave it out, or --headless"
    assert refused(call_command("--headless", "--no-mouse")) == told


@pytest.mark.parametrize(
    ("switch", "variable", "traceback"),
    [([], "", False), ([], "0", False), (["--debug"], "", True), ([], "1", True)],
)
def test_a_bug_is_one_line_unless_debugging(
    switch: list[str],
    variable: str,
    traceback: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def bug(*_: object) -> None:
        raise RuntimeError("first line\nsecond line")

    monkeypatch.setattr("tui.cli.parser.run", bug)
    monkeypatch.setenv("MNIST_TUI_DEBUG", variable)
    assert main(["recipes", *switch]) == ExitCode.FAILURE
    lines = capsys.readouterr().err.splitlines()
    expected = (
        "mnist-tui: internal error: RuntimeError: first line second line"
        " (set MNIST_TUI_DEBUG=1 for the traceback)"
    )
    assert lines[-1] == expected
    assert lines[0].startswith("Traceback") == traceback
    assert (len(lines) == 1) != traceback
