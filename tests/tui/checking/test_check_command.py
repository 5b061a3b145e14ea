"""The command that checks a learner's file, in processes of its own."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import numpy as np
import pytest

from tests.support.commands import call_command, refused, run_command
from tests.support.learner_networks import NETWORK, NO_UPDATE, changed


def test_the_command_names_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(changed({"dy.sum(axis=0)": "dy.sum()"}, NO_UPDATE), encoding="utf-8")
    result = call_command("check", path)
    assert result.returncode == 1
    assert "bias gradients summed to one number" in result.stdout
    assert "WRONG  db2" in result.stdout
    record = json.loads(call_command("check", path, "--json").stdout)
    assert record["mistake"] == "bias gradients summed to one number"


def test_the_template_is_correct(tmp_path: Path) -> None:
    path = tmp_path / "adapter.py"
    path.write_text(call_command("check", "--template").stdout, encoding="utf-8")
    result = call_command("check", path)
    assert result.returncode == 0
    assert "Nothing departs" in result.stdout


def test_the_exported_arrays(tmp_path: Path) -> None:
    assert call_command("check", "--export", tmp_path / "reference").returncode == 0
    load = {path.stem: np.load(path) for path in (tmp_path / "reference").glob("*.npy")}
    np.testing.assert_allclose(load["a1"], load["x"] @ load["W1"] + load["b1"])
    np.testing.assert_allclose(load["new_W2"], load["W2"] - 0.1 * load["dW2"])
    file = next((tmp_path / "reference").iterdir())
    said = refused(call_command("check", "--export", file))
    assert said == (
        f"--export {file}: a file, where a folder is wanted; name another folder, which may be new"
    )


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x = 1\n", "no network of a known shape"),
        (
            (
                "def forward(params, x):\n    return x @ params['W3']\n"
                "def gradient(params, x, t):\n    return {}\n"
            ),
            "takes params['W3'], but params holds W1, b1, W2 and b2",
        ),
        ("def broken(:\n", "SyntaxError"),
        pytest.param("raise ValueError('spam')\n", "ValueError in line 1", marks=pytest.mark.slow),
        pytest.param("import sys\nsys.exit(3)\n", "SystemExit", marks=pytest.mark.slow),
        ("import os\nos._exit(3)\n", "exit code 3"),
        ("import os\nos.kill(os.getpid(), 9)\n", "killed by SIGKILL"),
        pytest.param(
            "input()\n", "nothing is typed in while a file is checked", marks=pytest.mark.slow
        ),
    ],
)
def test_a_file_that_cannot_be_checked(source: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(source, encoding="utf-8")
    assert words in refused(call_command("check", path))


def test_less_memory_than_the_limit_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(NETWORK, encoding="utf-8")
    limit = (3 * 2**30, 3 * 2**30)
    result = run_command(
        "check", path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit)
    )
    assert result.returncode == 0, result.stderr
    assert "Nothing departs" in result.stdout


def test_code_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("import time\nwhile True:\n    time.sleep(1)\n", encoding="utf-8")
    assert "stopped after 6 seconds, at: import" in refused(
        call_command("check", path, "--seconds", "6")
    )


def test_a_file_that_is_not_there() -> None:
    assert "absent.py: No such file or directory" in refused(call_command("check", "absent.py"))


def test_a_notebook_is_no_python_file(tmp_path: Path) -> None:
    path = tmp_path / "network.ipynb"
    path.write_text("{}", encoding="utf-8")
    assert "jupyter nbconvert --to script" in refused(call_command("check", path))


def test_the_code_sees_no_secrets_and_writes_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(
        "import os\nfrom pathlib import Path\nPath('left').write_text('here')\n"
        "raise ValueError(f\"{os.environ.get('SECRET_TOKEN')}"
        " {os.environ.get('MNIST_TUI_RUNS_DIR')}\")\n",
        encoding="utf-8",
    )
    result = run_command("check", path, env={"SECRET_TOKEN": "abc"}, cwd=tmp_path)
    assert "None None" in refused(result)
    assert not (tmp_path / "left").exists()
