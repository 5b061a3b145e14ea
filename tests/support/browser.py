"""A web browser without a window, driven by the Chrome DevTools Protocol.

https://chromedevtools.github.io/devtools-protocol/ documents the methods.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pyte

from tests.support.serving import PATIENCE

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

NAMED: dict[str, dict[str, Any]] = {
    "Enter": {"windowsVirtualKeyCode": 13, "text": "\r"},
    "Tab": {"windowsVirtualKeyCode": 9},
    "Escape": {"windowsVirtualKeyCode": 27},
    "ArrowLeft": {"windowsVirtualKeyCode": 37},
    "ArrowUp": {"windowsVirtualKeyCode": 38},
    "ArrowRight": {"windowsVirtualKeyCode": 39},
    "ArrowDown": {"windowsVirtualKeyCode": 40},
}
"""Keys that write no character, with the code that the browser's terminal looks at."""


def find_browser() -> str | None:
    """The first browser that this machine has."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Page:
    """One page of a browser, whose terminal's text is read off what the server sent to it."""

    def __init__(self, program: str, folder: Path) -> None:
        self._profile = folder / "profile"
        self._process = subprocess.Popen(
            [
                *(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                "--window-size=1000,700",
                *("--remote-debugging-port=0", f"--user-data-dir={self._profile}", "about:blank"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._client: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._number = 0
        self.requested: list[str] = []
        """The addresses that the page asked for."""
        self._screen = pyte.Screen(300, 100)
        self._stream = pyte.ByteStream(self._screen)

    async def __aenter__(self) -> Page:
        file = self._profile / "DevToolsActivePort"
        await _until(lambda: file.exists() and len(file.read_text().splitlines()) == 2)
        port = file.read_text().splitlines()[0]
        self._client = aiohttp.ClientSession()
        async with self._client.get(f"http://127.0.0.1:{port}/json/list") as answer:
            pages = [one for one in await answer.json() if one["type"] == "page"]
        self._socket = await self._client.ws_connect(
            pages[0]["webSocketDebuggerUrl"], max_msg_size=0
        )
        await self.call("Network.enable")
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._client is not None:
            await self._client.close()
        self._process.terminate()
        self._process.wait()

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; events that arrive meanwhile are taken in."""
        assert self._socket is not None
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._receive(PATIENCE)
            assert message is not None, f"the browser did not answer {method}"
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    async def _receive(self, seconds: float) -> dict[str, Any] | None:
        """The next message within so many seconds; what it says of the page is noted."""
        assert self._socket is not None
        try:
            message = json.loads(await self._socket.receive_str(timeout=seconds))
        except TimeoutError:
            return None
        parameters = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requested.append(parameters["request"]["url"])
        elif message.get("method") == "Network.webSocketCreated":
            self.requested.append(parameters["url"])
        elif message.get("method") == "Network.webSocketFrameReceived":
            frame = parameters["response"]
            if frame["opcode"] == 2:
                self._stream.feed(base64.b64decode(frame["payloadData"]))
        return dict(message)

    def shown(self) -> str:
        """The terminal's text."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def shows(self, *texts: str) -> bool:
        """Whether the terminal's text holds all of these."""
        shown = self.shown()
        return all(text in shown for text in texts)

    async def listen(self, seconds: float) -> None:
        """Take in for so long what the page reports."""
        limit = time.monotonic() + seconds
        while (left := limit - time.monotonic()) > 0:
            await self._receive(left)

    async def wait_for(self, *texts: str) -> str:
        """The terminal's text once it holds all of these; fails with what it shows instead."""
        limit = time.monotonic() + PATIENCE
        while not self.shows(*texts):
            assert time.monotonic() < limit, f"{texts} did not appear in:\n{self.shown()}"
            await self._receive(0.2)
        return self.shown()

    async def resize(self, width: int, height: int) -> None:
        """Give the page this size in pixels."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def press(self, key: str) -> None:
        """Press a key that writes a character, or one that JavaScript names, such as ArrowLeft."""
        named = NAMED.get(key, {"text": key})
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **named)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def click(self, x: float, y: float) -> None:
        """Press and release the left button at a point, in pixels."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression on the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return answer["result"].get("value")

    async def picture(self) -> bytes:
        """The page as a PNG."""
        answer = await self.call("Page.captureScreenshot", format="png")
        return base64.b64decode(answer["data"])


async def _until(condition: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "the browser did not start"
        await asyncio.sleep(0.05)
