"""Text grids, however they are written, are the image that was meant."""

from __future__ import annotations

from io import BytesIO, StringIO

import numpy as np
import numpy.typing as npt
import pytest

from nn.errors import DataError
from tests.support.pictures import seven
from tui.images.grids import grids_of_text

GRID = np.pad(seven(20, 12, 3), ((4, 4), (8, 8))).astype(np.uint8)
GRID[6, 9] = 116
TWO_LEVELS = np.where(GRID > 127, 255, 0)


def written(form: str, grid: npt.NDArray[np.uint8] = GRID) -> str:
    """The grid in one of the forms in which people have theirs."""
    text = StringIO()
    numbers = "\n".join(" ".join(map(str, row)) for row in grid) + "\n"
    flat = ",".join(map(str, grid.ravel()))
    pandas = ",".join(["", *map(str, range(28))]) + "\n"
    pandas += "".join(f"{at},{','.join(map(str, row))}\n" for at, row in enumerate(grid))
    art = ["".join(".#"[int(level > 127)] for level in row) for row in grid]
    if form in ("savetxt", "savetxt unit", "savetxt %d"):
        scaled = grid / 255 if "unit" in form else grid
        np.savetxt(text, scaled, fmt="%d" if "%d" in form else "%.18e")
        return text.getvalue()
    with np.printoptions(threshold=10_000, linewidth=120):
        return {
            "numbers": numbers,
            "blank lines around": f"\n\n{numbers}\n \n",
            "blank lines between": numbers.replace("\n", "\n\n"),
            "crlf": numbers.replace("\n", "\r\n"),
            "byte order mark": f"\ufeff{numbers}",
            "tabs": numbers.replace(" ", "\t"),
            "commas": numbers.replace(" ", ","),
            "semicolons": numbers.replace(" ", "; "),
            "trailing blanks": numbers.replace("\n", "  \n"),
            "trailing commas": numbers.replace(" ", ",").replace("\n", ",\n"),
            "floats": numbers.replace(" ", ".0 ").replace("\n", ".0\n"),
            "one line": flat,
            "one number a line": flat.replace(",", "\n"),
            "label first": f"7,{flat}\n",
            "column names": "label," + ",".join(f"pixel{n}" for n in range(784)) + f"\n7,{flat}\n",
            "printed array": f"{grid}\n",
            "repr": f"{grid!r}\n",
            "list": f"{grid.tolist()}\n",
            "comments": f"# a seven\n{numbers}# 28 lines\n",
            "pandas": pandas,
            "pandas without index": "\n".join(
                line.partition(",")[2] for line in pandas.splitlines()
            ),
            "pandas, one image a line": f",{','.join(map(str, range(784)))}\n0,{flat}\n",
            "pandas, one image a line without index": (
                f"{','.join(map(str, range(784)))}\n{flat}\n"
            ),
            "quoted": '"' + numbers.replace(" ", '","').rstrip().replace("\n", '"\n"') + '"\n',
            "tensor": repr(grid).replace("array(", "tensor(").replace("uint8", "torch.uint8"),
            "assignment": f"image = {grid.tolist()}\n",
            "yaml": "".join(f"- {row.tolist()}\n" for row in grid),
            "frame": "".join(f"| {' | '.join(map(str, row))} |\n" for row in grid),
            "line numbers": "".join(
                f"{at:2}: {row}\n" for at, row in enumerate(numbers.splitlines())
            ),
            "art of 0 and |": "\n".join(art).replace(".", "0").replace("#", "|"),
            "art": "\n".join(art) + "\n",
            "art spaced": "\n".join(map(" ".join, art)) + "\n",
            "art rstripped": "\n".join(row.replace(".", " ").rstrip() for row in art) + "\n",
            "art stripped below": "\n".join(row.replace(".", " ").rstrip() for row in art).rstrip(),
            "art with blank lines": "\n" + "\n".join(art) + "\n\n",
            "art of 0 and 1": "\n".join(art).replace(".", "0").replace("#", "1"),
            "art of 0 and 1 spaced": (
                "\n".join(map(" ".join, art)).replace(".", "0").replace("#", "1")
            ),
            "art of dashes": "\n".join(art).replace(".", "-"),
            "art of underscores": "\n".join(art).replace(".", "_"),
            "art on tildes": "\n".join(art).replace(".", "~"),
        }[form]  # fmt: skip


NUMBERS = (
    "numbers", "blank lines around", "blank lines between", "crlf", "byte order mark", "tabs",
    "commas", "semicolons", "trailing blanks", "trailing commas", "floats", "one line",
    "one number a line", "label first", "column names", "printed array", "repr", "list", "savetxt",
    "savetxt unit", "savetxt %d", "comments", "pandas", "pandas without index", "quoted", "tensor",
    "pandas, one image a line", "pandas, one image a line without index",
    "assignment", "yaml", "frame", "line numbers",
)  # fmt: skip
ART = (
    "art", "art spaced", "art rstripped", "art stripped below", "art with blank lines",
    "art of 0 and 1", "art of 0 and 1 spaced", "art of dashes", "art of underscores",
    "art on tildes", "art of 0 and |",
)  # fmt: skip


@pytest.mark.parametrize("form", NUMBERS)
def test_numbers(form: str) -> None:
    (grid,) = grids_of_text(written(form).encode())
    assert grid == pytest.approx(GRID.astype(float), abs=1e-3)


def test_what_power_shell_redirects() -> None:
    (grid,) = grids_of_text(written("numbers").encode("utf-16"))
    assert (grid == GRID).all()


def test_truth_values() -> None:
    lines = [" ".join(map(str, row)) for row in (TWO_LEVELS > 0).tolist()]
    (grid,) = grids_of_text("\n".join(lines).encode())
    assert (grid == TWO_LEVELS).all()


@pytest.mark.parametrize("form", ART)
def test_characters(form: str) -> None:
    (grid,) = grids_of_text(written(form).encode())
    assert (grid == TWO_LEVELS).all()


@pytest.mark.parametrize("between", ["", "\n", "\n\n"])
@pytest.mark.parametrize("form", ["numbers", "savetxt unit", "art"])
def test_several_images_in_one_file(form: str, between: str) -> None:
    other = GRID[:, ::-1].copy()
    first, second = grids_of_text((written(form) + between + written(form, other)).encode())
    assert np.corrcoef(first.ravel(), GRID.ravel())[0, 1] > 0.99
    assert np.corrcoef(second.ravel(), other.ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 lines, expected a grid of 28 lines"),
        (b"\n" * 28, "blank"),
        (b"#\n" * 29, "29 lines"),
        (b"hello world\n", "ink in 1 of 28 lines, too few for a digit, expected a grid of 28"),
        (b"Buy milk\n\nand bread\nat six\n", "ink in 3 of 28 lines"),
        (
            b"." * 29 + b"\n" + b"#\n" * 27,
            "line 1 is neither 28 numbers from 0 to 255 nor at most 28 characters",
        ),
        ((b"0 " * 28 + b"\n") * 27 + b"256 " * 28, "pixel 256, expected 0 to 255"),
        ((b"0 " * 28 + b"\n") * 27 + b"-1 " * 28, "pixel -1, expected 0 to 255"),
        ((b"0 " * 28 + b"\n") * 27 + b"nan " * 28, "not a number"),
        ((b"0 " * 28 + b"\n") * 27, "27 lines of 28 numbers, expected a grid of 28 lines"),
        ((b"0 " * 28 + b"\n") * 27 + b"1 2", "line 28 has 2 numbers, expected"),
        (b"0," * 782 + b"0", "783 numbers, expected 784"),
        (f"{np.zeros((100, 100))}".encode(), "numbers are left out"),
    ],
)  # fmt: skip
def test_grids_that_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as refusal:
        grids_of_text(content)
    assert "\n" not in str(refusal.value)


def test_what_is_no_text_is_told_apart() -> None:
    for content in (b"\x89PNG\r\n\xff", BytesIO(bytes(784)).getvalue()):
        with pytest.raises(UnicodeDecodeError):
            grids_of_text(content)
