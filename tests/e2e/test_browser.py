"""`mnist-tui serve`: the application in a browser, and who is refused."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

aiohttp = pytest.importorskip("aiohttp")
pytest.importorskip("textual_serve")

import numpy as np  # noqa: E402 - only with the extra
import pyte  # noqa: E402
from PIL import Image  # noqa: E402

from tests.support.browser import Page, find_browser  # noqa: E402
from tests.support.serving import PATIENCE, Serving  # noqa: E402

FONT = 14  # pixels; a column of the terminal is 0.6 of it wide
PROXY = "digits.example"  # the name under which a proxy offers the server


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    started = Serving(tmp_path, "--name", PROXY)
    yield started
    if started.process.poll() is None:
        started.end(signal.SIGKILL)
    assert started.process.stderr is not None
    started.process.stderr.close()


class Visitor:
    """A browser's end of the connection, without a browser."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._screen = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._screen)

    async def press(self, keys: str) -> None:
        await self._connection.send_json(["stdin", keys])

    async def send(self, text: str) -> None:
        await self._connection.send_str(text)

    async def wait_for(self, *texts: str) -> str:
        limit = time.monotonic() + PATIENCE
        while True:
            shown = "\n".join(self._screen.display)
            if all(text in shown for text in texts):
                return shown
            assert time.monotonic() < limit, f"{texts} did not appear in:\n{shown}"
            try:
                message = await self._connection.receive(timeout=1)
            except TimeoutError:
                continue
            assert message.type is aiohttp.WSMsgType.BINARY, message
            self._stream.feed(message.data)

    async def closed(self) -> bool:
        """Whether the server closes the connection, after all that it still sends."""
        async for _ in self._connection:
            pass
        return bool(self._connection.closed)


@contextlib.asynccontextmanager
async def visit(serving: Serving) -> AsyncIterator[Visitor]:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(
            f"{serving.address}/ws?width=80&height=24", headers={"Origin": serving.address}
        ) as connection,
    ):
        yield Visitor(connection)


@pytest.mark.slow
def test_visitors_have_a_program_each_that_ends_and_saves_with_them(serving: Serving) -> None:
    async def story() -> None:
        async with visit(serving) as first, visit(serving) as second:
            await first.wait_for("ready")
            for nonsense in ("", "[]", '["stdin", 7]', '["resize", {"width": "x"}]', '{"a": 1}'):
                await first.send(nonsense)
            await second.wait_for("ready")
            await first.press(" ")
            await first.wait_for("Grad 2")
            await second.press("q")  # nothing has begun, so that nothing is asked
            assert await second.closed()
        # The first visitor leaves in the middle of a run, without a word.

    asyncio.run(story())
    _wait_until(lambda: [record["status"] for record in serving.records()] == ["interrupted"])
    assert "no password" in serving.greeting
    assert serving.address in serving.greeting
    assert serving.end() == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_end_of_the_server_ends_the_programs(serving: Serving, number: int) -> None:
    async def story() -> None:
        async with visit(serving) as visitor:
            await visitor.wait_for("ready")
            await visitor.press(" ")
            await visitor.wait_for("Grad 2")
            serving.process.send_signal(number)
            await visitor.closed()

    asyncio.run(story())
    serving.process.wait(PATIENCE)
    _wait_until(lambda: [record["status"] for record in serving.records()] == ["interrupted"])


def test_strangers_are_refused(serving: Serving) -> None:
    async def status(path: str, **headers: str) -> int:
        async with (
            aiohttp.ClientSession() as client,
            client.get(serving.address + path, headers=headers) as answer,
        ):
            return int(answer.status)

    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }

    async def story() -> None:
        assert await status("/") == 200
        assert await status("/static/js/textual.js") == 200
        assert await status("/", Host=PROXY) == 200
        rebound = {"Host": f"evil.example:{serving.port}"}
        assert await status("/", **rebound) == 403
        assert await status("/ws", **upgrade) == 403
        assert await status("/ws", Origin="http://evil.example", **upgrade) == 403
        assert await status("/ws", Origin="http://evil.example", **upgrade, **rebound) == 403
        assert await status("/ws", Origin="null", **upgrade) == 403
        other = f"http://localhost:{serving.port + 1}"
        assert await status("/ws", Origin=other, **upgrade) == 403

    asyncio.run(story())
    assert not serving.runs.exists()
    assert serving.end(signal.SIGHUP) == 0


@pytest.mark.slow
def test_a_port_that_is_taken_is_one_line(serving: Serving) -> None:
    again = subprocess.run(
        [sys.executable, "-m", "tui", "serve", "--port", str(serving.port)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert again.returncode == 2
    assert again.stderr == (
        f"mnist-tui: error: port {serving.port} is in use, choose another one with --port\n"
    )


@pytest.mark.skipif(find_browser() is None, reason="no Chromium is installed")
def test_the_application_trains_in_a_browser(serving: Serving, tmp_path: Path) -> None:
    program = find_browser()
    assert program is not None

    async def story() -> None:
        async with Page(program, tmp_path) as page:
            await page.call("Page.enable")
            await page.call("Page.navigate", url=f"{serving.address}/?fontsize={FONT}")
            await page.wait_for("ready")
            await page.press(" ")  # without a click first
            shown = await page.wait_for("running", "Grad 2")
            picture = np.asarray(Image.open(io.BytesIO(await page.picture())).convert("L"))
            assert picture.std() > 5  # neither empty nor a notice
            header = shown.splitlines()[0]
            await page.click((header.index("2 Digits") + 4) * 0.6 * FONT, FONT / 2)
            await page.wait_for("Mistake")
            (tmp_path / "page.png").write_bytes(await page.picture())
            assert all(
                address.startswith((serving.address, f"ws://localhost:{serving.port}", "data:"))
                for address in page.requested
                if address != "about:blank"
            )
            await page.press("q")
            await page.wait_for("A run is under way")
            await page.press("y")

    asyncio.run(story())
    _wait_until(lambda: [record["status"] for record in serving.records()] == ["interrupted"])


def _wait_until(condition: Any) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it did not come true"
        time.sleep(0.05)
