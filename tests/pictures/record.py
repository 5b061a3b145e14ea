"""Records a sitting with the real application for the README, and a picture of each screen.

Run with `python -m tests.pictures.record`; it needs Chromium and the extra `serve`. It starts
`mnist-tui serve` with settings and runs of its own, presses keys in a browser, and photographs the
page. `sitting.gif`, one PNG a screen and `train.txt`, which package indexes show in place of the
recording, are written beside this file, or into the folder that is named.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from tests.support.browser import Page, find_browser
from tests.support.serving import Serving

FOLDER = Path(__file__).parent
SIZE = (904, 604)  # pixels of the page: a terminal of 100x30
TEXT = (80, 13)  # cells of the picture in text: the header and the charts of Train at 80x24
TEXT_SIZE = (724, 484)  # pixels of such a page
FONT = 15  # pixels
COLORS = 64  # of a frame of the recording

STRETCH = 0.25  # seconds between two photographs while something moves by itself
WATCHED = 36  # frames that show it at most
PATIENCE = 900  # seconds in which only a hung program does not end its run
SEVEN = [" ", *["ArrowRight"] * 11, *["ArrowDown", "ArrowDown", "ArrowLeft"] * 7]
"""Keys that draw a seven."""


@dataclass
class Recording:
    """The frames of a sitting, each with the seconds that it stands."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    async def photograph(self, seconds: float) -> Image.Image:
        """Add what the page shows now; the same picture as before only stands longer."""
        picture = Image.open(io.BytesIO(await self.page.picture())).convert("RGB")
        if self.frames and self.frames[-1].tobytes() == picture.tobytes():
            self.seconds[-1] += seconds
        else:
            self.frames.append(picture)
            self.seconds.append(seconds)
        return picture

    async def press(self, *keys: str, stand: float = 0.0) -> None:
        """Press keys, and let what they lead to stand for so many seconds."""
        for key in keys:
            await self.page.press(key)
        await self.settle()
        if stand:
            await self.photograph(stand)

    async def settle(self) -> None:
        """Wait until the page has drawn what the keys before caused."""
        await self.page.listen(0.7)
        while "omputing" in self.page.shown():
            await self.page.listen(0.2)

    async def watch(self, *texts: str) -> None:
        """Photograph again and again until the terminal shows these texts.

        On a busy machine that takes longer, not the recording: only some of the frames stay.
        """
        started, before = time.monotonic(), len(self.frames)
        while not self.page.shows(*texts):
            await self.photograph(STRETCH)
            await self.page.listen(STRETCH)
            assert time.monotonic() - started < PATIENCE, f"{texts} did not appear"
        kept = slice(before, None, -(-(len(self.frames) - before) // WATCHED) or 1)
        self.frames[before:], self.seconds[before:] = self.frames[kept], self.seconds[kept]

    def write(self, path: Path) -> None:
        """Write the frames as an animation that begins anew at its end."""
        first, *others = [
            frame.quantize(COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            for frame in self.frames
        ]
        first.save(
            path,
            save_all=True,
            append_images=others,
            duration=[round(1000 * seconds) for seconds in self.seconds],
            loop=0,
            optimize=True,
        )


async def sit(page: Page, folder: Path) -> None:
    """The sitting: start, watch the curves grow, look at mistakes, a cell, a drawing, a lesson."""
    recording = Recording(page)
    stills: dict[str, Image.Image] = {}
    await page.wait_for("ready")
    await recording.settle()
    await recording.photograph(2.5)
    await page.press(" ")
    await recording.watch("finished")
    await recording.settle()
    stills["train"] = await recording.photograph(3.0)
    (folder / "train.txt").write_text(await text_of(page), encoding="utf-8")
    await recording.press("2", stand=1.5)
    for _ in range(3):
        await recording.press("n", stand=1.2)
    await recording.press("d", stand=1.5)
    stills["digits"] = recording.frames[-1]
    await recording.press("3", stand=1.5)
    await recording.press("n", stand=1.2)
    stills["confusion"] = recording.frames[-1]
    await recording.press("Enter", stand=1.8)
    await recording.press("4", stand=1.5)
    await recording.press("Tab", stand=2.5)
    stills["model"] = recording.frames[-1]
    await recording.press("5", stand=0.5)
    for key in SEVEN:
        await page.press(key)
        await page.listen(0.06)
        await recording.photograph(0.08)
    await recording.settle()
    stills["draw"] = await recording.photograph(2.0)
    await recording.press("9", stand=2.0)
    stills["walk"] = recording.frames[-1]
    await recording.press("8", stand=1.2)
    await recording.press("Enter", stand=2.5)
    stills["lessons"] = recording.frames[-1]
    await recording.press("1", stand=3.0)
    recording.write(folder / "sitting.gif")
    # Not in the recording: the other screens, and a second run to compare the first one with.
    beside = Recording(page)
    await beside.press("7", stand=1)
    stills["sweep"] = beside.frames[-1]
    await beside.press("1", "r", " ")
    await beside.watch("run 2", "finished")
    await beside.press("6", stand=1)
    stills["runs"] = beside.frames[-1]
    await beside.press(" ", "ArrowDown", " ", "v", stand=1)
    await page.wait_for("What differs")
    await beside.settle()
    stills["compare"] = await beside.photograph(1)
    for name, picture in stills.items():
        picture.quantize(COLORS, dither=Image.Dither.NONE).save(
            folder / f"{name}.png", optimize=True
        )


async def text_of(page: Page) -> str:
    """What a smaller terminal shows of the run that has finished, as a block of Markdown."""
    await page.resize(*TEXT_SIZE)
    await page.listen(2)
    columns, rows = TEXT
    lines = [line[:columns].rstrip() for line in page.shown().split("\n")[:rows]]
    await page.resize(*SIZE)
    await page.listen(2)
    block = "".join(f"    {line}".rstrip() + "\n" for line in lines)
    return f"The Train screen after a run of the defaults:\n\n{block}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    program = find_browser()
    if program is None:
        raise SystemExit("no Chromium is installed")
    with tempfile.TemporaryDirectory() as folder:
        serving = Serving(Path(folder), XDG_CONFIG_HOME=folder)

        async def record() -> None:
            async with Page(program, Path(folder)) as page:
                await page.call("Page.enable")
                await page.resize(*SIZE)
                await page.call("Page.navigate", url=f"{serving.address}/?fontsize={FONT}")
                await sit(page, options.folder)

        try:
            asyncio.run(record())
        finally:
            serving.end()


if __name__ == "__main__":
    main()
