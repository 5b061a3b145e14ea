"""Over a real SSH server on the loopback interface, hang-up included."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tmux import PATIENCE, Window

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[str]:
    """The command that logs in to a server of the test's own."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("an SSH server and client are not installed")
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True
        )
    shutil.copy(tmp_path / "user.pub", tmp_path / "authorized")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(
            exist_ok=True
        )  # where the server, as root, keeps its unprivileged half
    options = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "authorized",
        "StrictModes": "no",
        "PidFile": "none",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
    }
    flags = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    with (tmp_path / "sshd.log").open("w") as log:
        server = subprocess.Popen([SSHD, "-D", "-e", "-f", "/dev/null", *flags], stderr=log)
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert server.poll() is None, (tmp_path / "sshd.log").read_text()
            assert time.monotonic() < limit
            time.sleep(0.1)
    yield (
        f"ssh -tt -p {port} -i {tmp_path / 'user'} -o StrictHostKeyChecking=no"
        f" -o UserKnownHostsFile={tmp_path / 'known'} -o LogLevel=ERROR 127.0.0.1"
    )
    server.terminate()
    server.wait()


def running(mark: str) -> list[int]:
    found = subprocess.run(
        ["pgrep", "-f", "--", f"-m tui.*{mark}"], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in found.stdout.split() if int(pid) != os.getpid()]


def test_over_ssh_and_when_the_link_drops(window: Window, ssh: str, tmp_path: Path) -> None:
    mark = f"--seed={os.getpid()}"
    remote = (
        f"cd {Path.cwd()} && MNIST_TUI_RUNS_DIR={tmp_path / 'runs'} LANG=C.UTF-8"
        f" exec {sys.executable} -m tui --limit 3000 --epochs 5000 {mark}"
    )
    terminal = window()
    terminal.run(f"{ssh} '{remote}'")
    terminal.begin_training()
    terminal.press("2")
    terminal.wait_for("1 of 10,000")
    application = [
        pid for pid in running(mark) if "ssh" not in Path(f"/proc/{pid}/comm").read_text()
    ]
    assert application
    subprocess.run(
        ["pkill", "-f", f"^ssh -tt.*{mark}"], check=True
    )  # the client, and with it the link
    limit = time.monotonic() + PATIENCE
    while any(Path(f"/proc/{pid}").exists() for pid in application):
        assert time.monotonic() < limit, "the application outlived its terminal"
        time.sleep(0.1)
