"""The processes: our side, the peer's, and the mock. All of them are ended with the block that started them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEER = HERE.parent / "peer"


class SideFailed(Exception):  # noqa: N818 - says what happened
    """A side could not do its job; the message is what it said."""


class Side:
    """One process that answers jobs."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **job: Any) -> dict[str, Any]:
        """Do a job and give the answer."""
        self.begin(**job)
        return self.answer()

    def begin(self, **job: Any) -> None:
        """Start a job."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for the answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process ended"}
        if "error" in answer:
            raise SideFailed(answer["error"])
        return answer


@contextmanager
def ours(core: int | None = None) -> Iterator[Side]:
    """A process of ours."""
    with _process([sys.executable, str(HERE / "ours.py")], core) as process:
        yield Side(process)


@contextmanager
def peer(modules: Path, core: int | None = None) -> Iterator[Side]:
    """A process with Segment's packages."""
    command = ["node", "--expose-gc", str(PEER / "peer.js")]
    with _process(command, core, {"PEER_MODULES": str(modules)}) as process:
        yield Side(process)


class Mock:
    """The mock, and what it has counted."""

    def __init__(self, port: int) -> None:
        self.port = port

    def requests(self) -> int:
        """How many requests came so far."""
        counts = self._counts()
        return int(counts["profiles"] + counts["executions"])

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        return float(self._counts()["cpu"])

    def _counts(self) -> dict[str, float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/counts") as answer:
            counts: dict[str, float] = json.load(answer)
        return counts


@contextmanager
def mock(core: int | None = None) -> Iterator[Mock]:
    """The stand-in for both APIs."""
    with _process([sys.executable, str(HERE / "mock.py")], core) as process:
        assert process.stdout is not None
        yield Mock(int(process.stdout.readline()))


@contextmanager
def _process(
    command: Sequence[str], core: int | None, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    pinned = None if core is None else ["taskset", "--cpu-list", str(core)]
    process = subprocess.Popen(
        [*(pinned or []), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | (environment or {}),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def cores() -> tuple[int | None, int | None]:
    """A core for the sides, which take turns, and another for the mock; None where there is only one."""
    free = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (free[0], free[-1]) if len(free) > 1 and shutil.which("taskset") else (None, None)


def cache() -> Path:
    """Where the peer's packages are kept, outside of the checkout."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "destination-actions-bench"


def peer_modules() -> Path | str:
    """The folder of the peer's packages, installed when they are not there; or why there are none."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed, so the peer's side is left out"
    folder, manifest = cache(), (PEER / "package.json").read_text(encoding="utf-8")
    installed = folder / "package.json"
    if not (folder / "node_modules").is_dir() or not installed.exists() or installed.read_text() != manifest:
        folder.mkdir(parents=True, exist_ok=True)
        print(f"installing the peer's packages into {folder}", file=sys.stderr)
        installed.write_text(manifest, encoding="utf-8")
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            installed.unlink()
            return f"npm could not install the peer's packages: {done.stderr.strip().splitlines()[-1]}"
    return folder / "node_modules"
