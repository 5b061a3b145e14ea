"""Picture files of every kind are read by their content."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nn.errors import DataError
from tests.support.pictures import encode, seven
from tui.images.field import mnist_field
from tui.images.reading import Page, pages_of_file, read_content

LEVELS = np.pad(seven(), 20).astype(np.uint8)
GREY = Image.fromarray(LEVELS)
EXPECTED = mnist_field(LEVELS).astype(int)


def ink_on_transparent(pen: int) -> Image.Image:
    return Image.merge("LA", [Image.new("L", GREY.size, pen), GREY])


def sixteen_bit(levels: np.ndarray) -> Image.Image:  # type: ignore[type-arg]
    return Image.fromarray(levels.astype(np.uint16))


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header states this size."""
    content = encode(Image.new("1", (8, 8)))
    header = b"IHDR" + struct.pack(">II", width, height) + content[24:29]
    return content[:12] + header + struct.pack(">I", zlib.crc32(header)) + content[33:]


FILES: dict[str, Callable[[], bytes]] = {
    "grey.png": lambda: encode(GREY),
    "grey.pgm": lambda: encode(GREY, "PPM"),
    "colour.png": lambda: encode(GREY.convert("RGB")),
    "palette.png": lambda: encode(GREY.convert("P")),
    "two-level.png": lambda: encode(GREY.convert("1")),
    "16-bit.png": lambda: encode(sixteen_bit(LEVELS.astype(int) * 257)),
    "12-of-16-bit.png": lambda: encode(sixteen_bit(LEVELS.astype(int) * 16)),
    "16-bit.tiff": lambda: encode(sixteen_bit(LEVELS.astype(int) * 257), "TIFF"),
    "black-on-transparent.png": lambda: encode(ink_on_transparent(0)),
    "white-on-transparent.png": lambda: encode(ink_on_transparent(255)),
    "colour-with-alpha.png": lambda: encode(ink_on_transparent(0).convert("RGBA")),
    "red-on-equally-bright-green.png": lambda: encode(
        Image.composite(
            Image.new("RGB", GREY.size, (255, 0, 0)),
            Image.new("RGB", GREY.size, (0, 130, 0)),
            GREY,
        )
    ),
    "jpeg.jpg": lambda: encode(GREY, "JPEG", quality=95),
    "jpeg-named.png": lambda: encode(GREY, "JPEG", quality=95),
    "web.webp": lambda: encode(GREY, "WEBP", lossless=True),
    "gif.gif": lambda: encode(GREY, "GIF"),
    "bmp.bmp": lambda: encode(GREY, "BMP"),
    "tiff.tif": lambda: encode(GREY, "TIFF"),
    "ascii.pgm": lambda: (
        f"P2 {LEVELS.shape[1]} {LEVELS.shape[0]} 15\n" + " ".join(map(str, (LEVELS // 17).ravel()))
    ).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_gives_the_same_field(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name]())
    (page,) = pages_of_file(tmp_path / name)
    assert (page.name, page.number, page.remark) == (str(tmp_path / name), None, "")
    (reading,) = page.read()
    (digit,) = reading.digits
    difference = abs(digit.field - EXPECTED)
    assert difference.mean() < (3 if "jp" in name else 1)
    assert (digit.box.left, digit.box.top) == pytest.approx((20, 20), abs=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_entry_states(orientation: int) -> None:
    back = [
        None,
        None,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.ROTATE_90,
        Image.Transpose.TRANSVERSE,
        Image.Transpose.ROTATE_270,
    ][orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = GREY if back is None else GREY.transpose(back)
    (reading,) = read_content(encode(stored, exif=exif))
    assert abs(reading.digits[0].field - EXPECTED).max() <= 2


def test_a_box_is_that_of_the_file_and_not_of_the_reduced_picture() -> None:
    large = GREY.resize((GREY.width * 40, GREY.height * 40), Image.Resampling.NEAREST)
    (reading,) = read_content(encode(large))
    box = reading.digits[0].box
    assert (box.left, box.top, box.width, box.height) == pytest.approx(
        (800, 800, 1600, 2400), abs=80
    )
    assert abs(reading.digits[0].field - EXPECTED).mean() < 4


TURNED = GREY.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def scan(*pages: tuple[Image.Image, int]) -> bytes:
    """A TIFF of these pages, each with its tag NewSubfileType."""
    images = [page.copy() for page, _ in pages]
    for image, (_, kind) in zip(images, pages, strict=True):
        image.encoderinfo = {"tiffinfo": {254: kind}}
    first, *others = images
    return encode(first, "TIFF", save_all=True, append_images=others, tiffinfo={254: pages[0][1]})


def pages_in(content: bytes, tmp_path: Path) -> list[Page]:
    (tmp_path / "scan").write_bytes(content)
    return pages_of_file(tmp_path / "scan")


def test_each_page_of_a_tiff_is_a_picture(tmp_path: Path) -> None:
    pages = pages_in(scan((GREY, 0), (TURNED, 2), (GREY, 2)), tmp_path)
    assert [page.name for page in pages] == [f"{tmp_path / 'scan'} page {n}" for n in (1, 2, 3)]
    for page, image in zip(pages, (GREY, TURNED, GREY), strict=True):
        ((digit,),) = (reading.digits for reading in page.read())
        np.testing.assert_array_equal(digit.field, read_content(encode(image))[0].digits[0].field)


def test_reduced_pages_and_masks_of_a_tiff_are_no_pictures(tmp_path: Path) -> None:
    small, mask = GREY.resize((20, 20)), GREY.convert("1")
    pages = pages_in(scan((small, 1), (GREY, 0), (small, 1), (mask, 4), (TURNED, 2)), tmp_path)
    assert [page.number for page in pages] == [1, 2]
    assert [page.read()[0].levels.shape for page in pages] == [GREY.size[::-1]] * 2
    (page,) = pages_in(scan((GREY, 0), (small, 1)), tmp_path)
    assert page.name == str(tmp_path / "scan")
    (page,) = pages_in(scan((small, 1)), tmp_path)
    assert page.read()


def test_a_page_that_is_damaged_leaves_those_before_it(tmp_path: Path) -> None:
    content = scan((GREY, 0), (TURNED, 0), (GREY, 0))
    width = struct.pack("<HHIHH", 256, 4, 1, GREY.width, 0)
    assert content.count(width) == 3
    second = content.index(width, content.index(width) + 1)
    damaged = content[:second] + b"\xff\xee" + content[second + 2 :]
    first, *others = pages_in(damaged, tmp_path)
    assert first.read()
    with pytest.raises(DataError):
        others[0].read()
    assert not any("\n" in page.name for page in others)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_an_animation_is_its_first_picture_and_is_said_to_be_one(kind: str, tmp_path: Path) -> None:
    (page,) = pages_in(encode(GREY, kind, save_all=True, append_images=[TURNED]), tmp_path)
    assert page.remark == "an animation, of which only the first picture is read"
    assert abs(page.read()[0].digits[0].field - EXPECTED).mean() < 2


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.png", None, "No such file"),
        ("folder", "folder", "a folder, where a file is wanted"),
        ("empty.png", b"", "0 lines, expected a grid"),
        ("noise.png", bytes(range(256)), "neither a picture .* nor a text grid"),
        ("cut.png", encode(Image.effect_noise((60, 60), 90))[:700], "truncated"),
        ("cut.jpg", encode(Image.effect_noise((60, 60), 90), "JPEG")[:700], "truncated"),
        ("cut.webp", encode(Image.effect_noise((60, 60), 90), "WEBP")[:300], "."),
        ("cut.gif", encode(Image.effect_noise((60, 60), 90), "GIF")[:900], "."),
        ("bomb.png", png_of_size(20_000, 20_000), "too many pixels"),
        ("bad.pgm", b"P5 10 x 255\n", "."),
        ("blank.png", encode(Image.new("L", (60, 60), 255)), "blank: there is no digit to see"),
        ("grain.png", encode(sixteen_bit(60_000 + np.pad(seven(), 20) * 10)), "blank"),
        ("clear.png", encode(Image.new("LA", (60, 60), 0)), "blank"),
        ("dot.png", encode(Image.new("L", (1, 1), 7)), "blank"),
    ],
)  # fmt: skip
def test_files_that_are_refused(
    name: str, content: bytes | str | None, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as refusal:
        [page.read() for page in pages_of_file(path)]
    assert "\n" not in str(refusal.value)


def test_damaged_files_are_refused_and_never_break_the_reader() -> None:
    """Every byte of a damaged file may be wrong: the reader answers or raises `DataError`."""
    rng = np.random.default_rng(0)
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"):
        whole = encode(GREY, kind)
        for _ in range(12):
            damaged = bytearray(whole)
            for place in rng.integers(0, min(len(whole), 400), 4).tolist():
                damaged[place] = int(rng.integers(0, 256))
            with suppress(DataError):
                assert read_content(bytes(damaged))


def test_a_picture_is_read_from_any_stream_of_bytes() -> None:
    assert len(read_content(BytesIO(FILES["web.webp"]()).getvalue())) == 1
