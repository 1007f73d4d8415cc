"""Records traffic with planted secrets, as a person would: how many of them are in the files that are written?

python tests/_support/record_planted.py 10000
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent))

from destination_actions.cli.app import build
from planted import Garden, left_in
from typer.testing import CliRunner

EACH = 50
"""Planted values in an event."""


def main(count: int = 10_000, seed: int = 1) -> int:
    """Record and count; the exit code says whether nothing was left and every case runs green."""
    began = time.perf_counter()
    with TemporaryDirectory() as folder:
        runs = [recorded(Path(folder) / str(at), count, seed + at, from_ledger=bool(at)) for at in (0, 1)]
    left = [value for planted, text, _ in runs for value in left_in(text, planted)]
    for name, (planted, text, cases) in zip(("a live run", "a ledger"), runs, strict=True):
        print(f"from {name}: {len(planted):,} planted values, {cases} cases, {len(text):,} characters")
    print(f"{len(left)} planted values left, {time.perf_counter() - began:.0f} s")
    for value in left[:10]:
        print(f"left: {value}")
    return 0 if not left and all(cases for _, _, cases in runs) else 1


def recorded(folder: Path, count: int, seed: int, *, from_ledger: bool) -> tuple[list[str], str, int]:
    """Send events to an API that repeats what it gets, record them, run the cases: what was planted, and the files."""
    folder.mkdir(exist_ok=True)
    garden = Garden(seed)
    events = [garden.event(number, EACH) for number in range(max(1, count // EACH))]
    (folder / "events.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events))
    with echo() as url:
        config = _config(folder, url)
        if from_ledger:
            _run("run", config, folder / "events.ndjson", "--concurrency", "1")
            _run("record", config, "--out", folder / "out")
        else:
            _run("record", config, folder / "events.ndjson", "--out", folder / "out")
    printed = _run("test", folder / "out")
    texts = [file.read_text(encoding="utf-8") for file in (folder / "out").glob("*.cases.yaml")]
    return garden.planted, "".join(texts), int(printed.split()[0])


def _config(folder: Path, url: str) -> Path:
    orders = {
        "name": "Orders",
        "subscribe": 'type = "track"',
        "action": "send",
        "mapping": {"url": url, "headers": {"X-User": {"@path": "$.userId"}}},
    }
    settings = {"sharedSecret": "a-shared-secret-of-the-receiver", "allowNetworks": ["127.0.0.0/8"]}
    hooks = {"destination": "webhook", "settings": settings, "subscriptions": [orders]}
    path = folder / "destinations.json"
    kept = {"stores": "sqlite:state.db", "ledger": {"deliveredEvents": True}}
    path.write_text(json.dumps({"destinations": {"hooks": hooks}, **kept}))
    return path


def _run(*arguments: object) -> str:
    texts = [str(argument) for argument in arguments]
    result = CliRunner().invoke(build(texts), texts)
    assert 0 == result.exit_code, f"{texts}: {result.exit_code}\n{result.output[-2000:]}"
    return result.stdout


class _Echo(BaseHTTPRequestHandler):
    """Answers with the body and the headers that it got."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = json.dumps({"received": body, "headers": dict(self.headers)}).encode()
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        """Print nothing."""


@contextmanager
def echo() -> Iterator[str]:
    """The URL of an API on this machine that repeats what it gets."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/orders"
        finally:
            server.shutdown()
            thread.join()


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
