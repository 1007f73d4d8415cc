"""The schema of `destinations schema config` in the language server that editors use for YAML: what it completes, what
it marks, what it shows. Not part of the tests, since it needs node:

    npm install --prefix build/yls yaml-language-server && python tests/checking/editor_server.py build/yls
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from destination_actions.checking import editor_schema
from destination_actions.plugins import load_destination

HEAD = "# yaml-language-server: $schema=config.schema.json\n"
SLUGS = ("slack", "twilio-studio", "webhook")
STUDIO = """\
destinations:
  shop:
    destination: twilio-studio
    settings: {accountSid: AC00000000000000000000000000000000, authToken: t, spaceId: s, profileApiAccessToken: t}
    subscriptions:
      - name: Orders
        action: triggerStudioFlow
        subscribe: event = "A"
"""
FIELDS = '        mapping: {flowSid: FW00000000000000000000000000000001, from: "+15551234567"'
COMPLETED = {
    "the destinations that are installed": ("destinations:\n  a:\n    destination: ¦", set(SLUGS)),
    "settings": (
        "destinations:\n  a:\n    destination: twilio-studio\n    settings:\n      ¦",
        {"accountSid", "authToken", "contactBusy"},
    ),
    "settings of another one": ("destinations:\n  a:\n    destination: slack\n    settings:\n      ¦", {"webhookUrl"}),
    "actions": (STUDIO.replace("triggerStudioFlow", "¦"), {"triggerStudioFlow"}),
    "presets": (STUDIO + "      - preset: ¦", {"Support workflow", "Onboarding on sign-up"}),
    "fields": (STUDIO + "        mapping:\n          ¦", {"flowSid", "from", "coolingOffPeriod", "to", "parameters"}),
    "directives": (STUDIO + "        mapping:\n          to:\n            ¦", {"@path", "@template", "@if"}),
    "policies": ("destinations:\n  a:\n    destination: slack\n    onUnknown: ¦", {"reconcile", "suppress", "retry"}),
}
"""Where somebody types (¦), and what is among what is offered."""
MARKED = {
    "a good file": (STUDIO + FIELDS + "}\n", None),
    "a wrong setting": (STUDIO.replace("authToken", "authTokn") + FIELDS + "}\n", "authTokn"),
    "a wrong destination": (STUDIO.replace("twilio-studio", "twilio-stdio") + FIELDS + "}\n", "twilio-stdio"),
    "a wrong action": (STUDIO.replace("triggerStudioFlow", "triggerFlow") + FIELDS + "}\n", "triggerFlow"),
    "a wrong field": (STUDIO + FIELDS + ", flowSd: x}\n", "flowSd"),
    "a wrong type": (STUDIO + FIELDS + ", coolingOffPeriod: [1, 2]}\n", "[1, 2]"),
    "a wrong directive": (STUDIO + FIELDS + ', to: {"@pth": $.x}}\n', '"@pth"'),
    "a wrong key": (STUDIO.replace("subscribe:", "subscrbe:") + FIELDS + "}\n", "subscrbe"),
}
"""A file, and the text that is marked in it."""


class Server:
    """A language server on the other end of a pipe."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.ids = itertools.count(1)
        self.marked: dict[str, list[Any]] = {}

    def send(self, **message: Any) -> None:
        """Send a message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """Wait for a message; what the server asks is answered."""
        assert self.process.stdout is not None
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.decode().partition(": ")
            length = int(value) if name.lower() == "content-length" else length
        if not length:
            raise EOFError("the server has ended")
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        if "method" in message and "id" in message:
            asked = message["params"].get("items", []) if isinstance(message.get("params"), dict) else []
            self.send(id=message["id"], result=[_settings(item.get("section")) for item in asked])
        elif message.get("method") == "textDocument/publishDiagnostics":
            self.marked[message["params"]["uri"]] = message["params"]["diagnostics"]
        return message

    def ask(self, method: str, params: Any) -> Any:
        """Ask something; gives the answer."""
        number = next(self.ids)
        self.send(id=number, method=method, params=params)
        while True:
            message = self.read()
            if message.get("id") == number and "method" not in message:
                return message.get("result")

    def opened(self, file: Path, text: str) -> tuple[str, list[Any]]:
        """Open a file; gives its address and what is marked in it."""
        uri = file.as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.marked.pop(uri, None)
        self.send(method="textDocument/didOpen", params={"textDocument": document})
        while uri not in self.marked:
            self.read()
        return uri, self.marked[uri]


def _settings(section: str | None) -> Any:
    whole = {"validate": True, "completion": True, "hover": True, "schemaStore": {"enable": False}}
    return whole if section == "yaml" else {}


@contextmanager
def server(where: Path) -> Iterator[Server]:
    """Start the server that npm installed in a folder, and end it."""
    program = where / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
    command = ["node", str(program), "--stdio"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        started = Server(process)
        capabilities = {"workspace": {"configuration": True}, "textDocument": {"completion": {}}}
        started.ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        started.send(method="initialized", params={})
        try:
            yield started
        finally:
            process.kill()


def trial(started: Server, folder: Path) -> Iterator[tuple[str, bool, str]]:
    """Type and look: what was tried, whether it was as it should be, and what came."""
    numbers = itertools.count()
    for what, (typed, wanted) in COMPLETED.items():
        text = HEAD + typed
        before = text.partition("¦")[0]
        place = {"line": before.count("\n"), "character": len(before) - before.rfind("\n") - 1}
        uri, _ = started.opened(folder / f"{next(numbers)}.yaml", text.replace("¦", ""))
        answer = started.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        offered = {str(item["label"]).strip("\"'") for item in items}
        yield f"completes {what}", wanted <= offered, ", ".join(sorted(offered))
    for what, (text, wrong) in MARKED.items():
        whole = HEAD + text
        _, marks = started.opened(folder / f"{next(numbers)}.yaml", whole)
        parts = [_part(whole, mark["range"]) for mark in marks]
        told = "; ".join(f"{part!r}: {mark['message']}" for part, mark in zip(parts, marks, strict=True))
        yield f"marks {what}", (not marks) if wrong is None else any(wrong in part for part in parts), told


def _part(text: str, where: Any) -> str:
    lines = text.splitlines(keepends=True)
    first, last = where["start"], where["end"]
    if first["line"] == last["line"]:
        return lines[first["line"]][first["character"] : last["character"]]
    return "".join(lines[first["line"] : last["line"] + 1])


def main(where: Path) -> int:
    """Try everything; the exit code says whether it was as it should be."""
    if shutil.which("node") is None or not (where / "node_modules" / "yaml-language-server").is_dir():
        print(f"skipped: there is no node, or no yaml-language-server in {where}")
        return 0
    with tempfile.TemporaryDirectory() as name, server(where) as started:
        folder = Path(name)
        schema = editor_schema([load_destination(slug) for slug in SLUGS])
        (folder / "config.schema.json").write_text(json.dumps(schema))
        found = list(trial(started, folder))
    for what, good, told in found:
        print(f"{'ok  ' if good else 'FAIL'}  {what}: {told[:160]}")
    print(f"{sum(good for _, good, _ in found)} of {len(found)}")
    return 0 if all(good for _, good, _ in found) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
