"""A server on this machine only, which shows the application in the browser's windows.

textual-serve brings the terminal for the browser, the protocol between it and Textual, and the
process of each visitor. What it leaves open is settled here: who may connect, where the page finds
its server, and what becomes of a program whose visitor has gone.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import logging
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from tui.system.exits import CommandError, ExitCode

HOST = "127.0.0.1"
"""Nobody on the network can connect to this address; who is logged in on this machine can."""
TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1"}
"""Variables of a visitor's program: the browser's terminal has all colours and characters."""
_HEARTBEAT = 15.0  # seconds between two questions whether the browser is still there
_LARGEST = 1_000  # columns or rows that a browser may ask for


class LoopbackServer(Server):
    """Shows one program a visitor, to browsers of this machine.

    A browser lets any page of the web open a connection to a server on the user's own machine. So
    a connection is refused unless it comes from the page that this server sent (its `Origin` names
    the same host and port), and a request unless it names the server as `localhost`, as an address
    of loopback, or by one of `names`. The second also refuses pages whose own name is made to lead
    here.

    Args:
        command: The program and its arguments.
        port: Where to listen.
        names: Names under which a proxy offers this server.
    """

    def __init__(self, command: Sequence[str], port: int, names: Sequence[str] = ()) -> None:
        super().__init__(
            _as_shell_line(command),
            host=HOST,
            port=port,
            title="mnist-tui",
            templates_path=Path(__file__).parent,
        )
        self._names = {name.lower() for name in names}
        self._programs: set[AppService] = set()

    def initialize_logging(self) -> None:
        """Report failures only, on standard error."""
        logging.basicConfig(level="WARNING", format="mnist-tui: %(message)s", stream=sys.stderr)

    async def on_startup(self, app: web.Application) -> None:
        """Say where the application is, and that everyone who reaches it may use it."""
        if sys.platform != "win32":  # what a handler raises in a callback of the loop would be lost
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.request_exit)
        where = f"http://localhost:{self.port}"
        sys.stderr.write(
            f"Open {where} in a browser. Ctrl-C ends the server, and saves every run.\n"
            "There is no password: whoever is logged in on this machine can open it too.\n"
            "From another machine, come through SSH, and open the same address there:\n"
            f"  ssh -L {self.port}:localhost:{self.port} USER@THIS-MACHINE\n"
        )
        sys.stderr.flush()

    async def on_shutdown(self, app: web.Application) -> None:
        """Ask every program to end, and wait until it has; aiohttp would first wait a minute."""
        await asyncio.gather(*(program.stop() for program in self._programs))

    async def handle_index(self, request: web.Request) -> Any:
        """Send the page with the terminal."""
        self._refuse_strangers(request)
        return await super().handle_index(request)

    async def handle_download(self, request: web.Request) -> web.StreamResponse:
        """Send a file that the application delivers."""
        self._refuse_strangers(request)
        return await super().handle_download(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start the program for a visitor, and carry keys and pictures until either ends."""
        self._refuse_strangers(request, must_have_origin=True)
        page = web.WebSocketResponse(heartbeat=_HEARTBEAT)
        await page.prepare(request)

        async def draw(data: bytes) -> None:
            # What can no longer be shown is read all the same: a program that waits for its output
            # to be read could not end.
            with suppress(ConnectionError):
                await page.send_bytes(data)

        async def tell(text: str) -> None:
            with suppress(ConnectionError):
                await page.send_str(text)

        async def close() -> None:
            await page.close()

        program = AppService(
            self.command,
            write_bytes=draw,
            write_str=tell,
            close=close,
            download_manager=self.download_manager,
        )
        size = (request.query.get("width", "80"), request.query.get("height", "24"))
        self._programs.add(program)
        try:
            await program.start(_cells(size[0], 80), _cells(size[1], 24))
            async for message in page:
                if message.type is WSMsgType.TEXT:
                    await _pass_on(message.data, program, page)
        finally:
            # The program is asked to end, and saves its run; a server that ends waits for that.
            await asyncio.shield(program.stop())
            self._programs.discard(program)
            await page.close()
        return page

    def _refuse_strangers(self, request: web.Request, *, must_have_origin: bool = False) -> None:
        """Raise `HTTPForbidden` unless the request names this server and comes from its page."""
        host = request.headers.get("Host", "")
        name = urlsplit(f"//{host}").hostname or ""
        if name not in self._names and not _is_loopback(name):
            raise web.HTTPForbidden(
                text=f"This server does not answer to the name {name!r}. If a proxy offers it under"
                f" that name, start it with: mnist-tui serve --name {name}\n"
            )
        origin = request.headers.get("Origin")
        if origin is None and not must_have_origin:
            return
        if origin is None or urlsplit(origin).netloc.lower() != host.lower():
            raise web.HTTPForbidden(text="Only the page of this server may open a connection.\n")


def serve(command: Sequence[str], port: int, names: Sequence[str] = ()) -> None:
    """Serve until a signal; every visitor's program has saved its run by then.

    Raises:
        CommandError: Nothing can listen at the port.
    """
    try:
        socket.create_server((HOST, port)).close()  # aiohttp greets before it listens
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        why = "is in use" if error.errno == errno.EADDRINUSE else "may be opened by root only"
        raise CommandError(
            f"port {port} {why}, choose another one with --port", ExitCode.USAGE
        ) from None
    os.environ.update(TERMINAL)
    os.environ.pop("NO_COLOR", None)
    LoopbackServer(command, port, names).serve()


async def _pass_on(text: str, program: AppService, page: web.WebSocketResponse) -> None:
    """Hand a message of the browser to the program; one that makes no sense is dropped."""
    match _parsed(text):
        case ["stdin", str(keys)]:
            await program.send_bytes(keys.encode())
        case ["resize", {"width": int(width), "height": int(height)}]:
            await program.set_terminal_size(_cells(width, 80), _cells(height, 24))
        case ["ping", data]:
            await page.send_json(["pong", data])
        case ["focus", *_]:
            await program.focus()
        case ["blur", *_]:
            await program.blur()


def _parsed(text: str) -> Any:
    with suppress(ValueError):
        return json.loads(text)
    return None


def _cells(wanted: str | int, default: int) -> int:
    """A number of columns or rows, within what a terminal may have."""
    with suppress(ValueError):
        return min(max(int(wanted), 1), _LARGEST)
    return default


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return False


def _as_shell_line(command: Sequence[str]) -> str:
    """A command for a shell, which is replaced by the program where it can be."""
    if sys.platform == "win32":
        return subprocess.list2cmdline(command)
    return f"exec {shlex.join(command)}"
