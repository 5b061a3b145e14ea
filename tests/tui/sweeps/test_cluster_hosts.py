"""A sweep over hosts: network namespaces with addresses of their own and no common disk.

The scheduler and each worker have a network namespace, joined by a bridge, and a mount namespace in
which the folders of the sweep are hidden. It needs root, iproute2 and unshare.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from nn.storage.runs import SavedRun
from tests.support.commands import environment
from tests.support.dask_cluster import DaskCluster
from tui.sweeps.study import Study

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        find_spec("distributed") is None, reason="the extra cluster is not installed"
    ),
]

HOSTS = 3  # the scheduler's and two workers'
BRIDGE, NETWORK = "mtbr0", "10.231.77"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def hosts() -> Iterator[list[str]]:
    """The names of network namespaces; host n has the address NETWORK.n, this machine .254."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("network namespaces need root on Linux")
    if not shutil.which("ip") or not shutil.which("unshare"):
        pytest.skip("iproute2 or unshare is missing")
    with ExitStack() as stack:

        def undo(*words: str) -> None:
            stack.callback(subprocess.run, ["ip", *words], check=False, capture_output=True)

        try:
            ip("link", "add", BRIDGE, "type", "bridge")
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no bridge can be made here: {error.stderr.decode().strip()}")
        undo("link", "del", BRIDGE)
        ip("addr", "add", f"{NETWORK}.254/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        names = [f"mtui{number}" for number in range(1, HOSTS + 1)]
        for number, name in enumerate(names, 1):
            ip("netns", "add", name)
            undo("netns", "del", name)
            ip("link", "add", f"mtv{number}", "type", "veth", "peer", "name", "eth0", "netns", name)
            ip("link", "set", f"mtv{number}", "master", BRIDGE, "up")
            ip("-n", name, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names


def on(host: str, hidden: Path) -> list[str]:
    """The words that run a command on a host, where a folder is an empty disk of its own."""
    hide = f'mount -t tmpfs none "{hidden}" && exec "$@"'
    return ["ip", "netns", "exec", host, "unshare", "--mount", "sh", "-c", hide, "sh"]


def test_hosts_without_a_common_disk(hosts: list[str], tmp_path: Path) -> None:
    """One of two workers is killed in the middle; all runs are saved where the sweep is."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.mkdir()
    theirs.mkdir()
    with DaskCluster(theirs, host=f"{NETWORK}.1") as cluster:
        cluster.start_scheduler(on(hosts[0], ours))
        assert cluster.address.startswith(f"tcp://{NETWORK}.1:")
        for host in hosts[1:]:
            cluster.start_worker(on(host, ours))
        cluster.wait_for(2)
        command = [sys.executable, "-m", "tui", "sweep", "--vary", "lr=0.001..0.1:log"]
        command += ["--limit", "300", "--hidden", "8", "--name", "s", "--trials", "6", "--json"]
        command += ["--epochs", "9", "--cluster", cluster.address]
        command += ["--runs-dir", str(ours / "runs")]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment())
        assert process.stdout is not None
        while json.loads(process.stdout.readline())["event"] != "sweep_epoch":
            pass
        cluster.workers[0].kill()
        _, err = process.communicate(timeout=180)
        assert process.returncode == 0, err
    study = Study.read(ours / "sweeps" / "s")
    assert study.schedule.done
    assert not any(r.error for trial in study.trials for r in trial.results.values())
    runs = [SavedRun.read(path) for path in (ours / "runs").iterdir()]
    assert len(runs) == 6
    assert sum(run.status == "finished" for run in runs) == 2
