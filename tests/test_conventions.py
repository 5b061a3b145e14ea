"""The tools and the built package, so that `pytest` is the one command that checks everything."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def check(*command: str) -> None:
    """Run a tool of this environment from the project's root; its complaints are the failure."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# PLW1514: every text file has its encoding stated. It is a preview, and with previews on in
# pyproject.toml other rules would change.
ENCODINGS = ("check", "--preview", "--select=PLW1514", "--exclude=tests")


@pytest.mark.parametrize("command", [("format", "--check"), ("check",), ENCODINGS], ids=" ".join)
def test_ruff(command: tuple[str, ...]) -> None:
    check(str(BIN / "ruff"), *command, ".")


def test_types() -> None:
    check(str(BIN / "mypy"))


def test_import_contracts() -> None:
    check(str(BIN / "lint-imports"))


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    machine = re.compile(r"(?<![\w.$~])/(home|root|Users|work|farm)/\w|[A-Z]:\\Users\\")
    places = re.compile(rb"(home|root|Users|work|farm)[/\\]")  # found much sooner than the above
    found = []
    for path in tracked_files():
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" in content or path == Path(__file__) or not places.search(content):
            continue
        for number, line in enumerate(content.decode().splitlines(), 1):
            if machine.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def test_no_module_of_nn_uses_global_randomness() -> None:
    forbidden = re.compile(
        r"np\.random\.(?!Generator|default_rng|SeedSequence|PCG64)\w+|^import random|^from random",
        re.M,
    )
    found = {path.name: forbidden.findall(path.read_text()) for path in (ROOT / "nn").rglob("*.py")}
    assert not any(found.values()), found


def test_no_test_imports_from_another() -> None:
    """What several files use belongs to tests/support; a conftest holds fixtures only."""
    imports = re.compile(r"^\s*(?:from|import) (tests\.[\w.]*(?:test_\w+|conftest))\b", re.M)
    found = {
        str(path.relative_to(ROOT)): names
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if (names := imports.findall(path.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_the_wheel_is_complete(tmp_path: Path) -> None:
    """MNIST with its licence, the recipes, the type marker and the licence of the code."""
    check(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    data = sorted((ROOT / "nn" / "data" / "mnist").iterdir())
    recipes = sorted((ROOT / "nn" / "recipes").glob("*.toml"))
    assert len(data) == 5
    assert len(recipes) >= 21
    networks = [ROOT / "tui" / "models" / name for name in ("shipped.npz", "wholeness.npz")]
    for path in [*data, *recipes, *networks, ROOT / "nn" / "py.typed", ROOT / "tui" / "py.typed"]:
        assert str(path.relative_to(ROOT)) in names
    licences = [name for name in names if ".dist-info/licenses/" in name]
    assert [name.rpartition("/")[2] for name in licences] == ["LICENSE", "LICENSE.md"]
    assert not any(name.startswith("tests/") or "__pycache__" in name for name in names)


def test_links_in_markdown_lead_to_files() -> None:
    link = re.compile(r"\]\(([^)\s#]+)(?:#[^)]*)?\)")
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked_files()
        if path.suffix == ".md" and path.is_file()
        for target in link.findall(path.read_text(encoding="utf-8"))
        if not re.match(r"[a-z]+:", target) and not (path.parent / unquote(target)).exists()
    ]
    assert broken == []
