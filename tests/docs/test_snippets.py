"""Every code block of the documentation runs, or is one of those that cannot, which are listed with the reason."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from destination_actions import compile_mapping, compile_subscription
from destination_actions.checking import check_file
from destination_actions.cli.app import build
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("*.md"),
        *ROOT.glob("destinations/*/README.md"),
        *ROOT.glob("examples/*/README.md"),
        ROOT / "examples/README.md",
    ]
)
LISTED: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "snippets.yaml").read_text())
BLOCK = re.compile(r"^( *)```([\w-]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
EVENTS = [{"type": "track", "event": "Order Completed", "userId": f"user-{n}", "messageId": f"m{n}"} for n in range(3)]


@dataclass(frozen=True)
class Snippet:
    """A fenced block, or one command of it."""

    page: str
    language: str
    text: str

    @property
    def fate(self) -> str:
        """What becomes of it: `run`, or why it is only shown."""
        if self.page in LISTED["elsewhere"] and (self.language, self.page.split("/")[1:2]) != ("yaml", ["how-to"]):
            return f"in {LISTED['elsewhere'][self.page]}"
        if self.page in LISTED["made"]:
            return str(LISTED["made"][self.page])
        if self.language == "text":
            return "output, or another program's configuration"
        return next((one["why"] for one in LISTED["shown"] if one["words"] in self.text), "run")


def pages() -> dict[str, str]:
    """Every page: those that are written, and those of the site that are made of code."""
    spec = importlib.util.spec_from_file_location("docs_site_of_snippets", ROOT / "docs" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    site = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site)
    made = {f"site/{name}": text for name, text in site.made_pages().items()}
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PAGES} | made


def snippets() -> Iterator[Snippet]:
    """Every block of every page; of consoles, every command."""
    for page, whole in pages().items():
        for indent, language, block in BLOCK.findall(whole):
            text = re.sub(rf"(?m)^{indent}", "", block)
            if language in ("console", "sh", "bash"):
                lines = text.replace("\\\n", " ").splitlines()
                marked = [line for line in lines if line.startswith("$ ")] or lines
                yield from (Snippet(page, "command", line.removeprefix("$ ")) for line in marked if line.strip())
            else:
                yield Snippet(page, language, text)


ALL = list(snippets())
RUN = [one for one in ALL if one.fate == "run"]


def test_every_block_has_a_fate() -> None:
    """Each block names its language; most run, and what does not is listed, with nothing on the list that is gone."""
    print()
    for fate, count in Counter(one.fate for one in ALL).most_common():
        print(f"{count:4} {fate}")
    known = {"command", "python", "yaml", "json", "fql", "text", "toml", "markdown", "js"}
    assert set() == {(one.page, one.language) for one in ALL if one.language not in known}
    assert [] == [one["words"] for one in LISTED["shown"] if not any(one["words"] in each.text for each in ALL)]
    for page, test in LISTED["elsewhere"].items():
        source = (ROOT / test).read_text()
        assert Path(page).name in source or f'"{Path(page).parent.name}"' in source, page
    assert {"command", "python", "yaml", "json", "fql"} == {one.language for one in RUN}
    assert 50 <= len(RUN)


def instead(text: str) -> str:
    """Put what there is here in the place of what a reader has."""
    for words, real in LISTED["instead"].items():
        text = text.replace(words, real)
    return text


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> Path:
    """A reader's folder: the examples, and a configuration of their own that delivers to a server of theirs."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    httpserver.expect_request("/hook", method="POST").respond_with_json({})
    one = {
        "name": "All",
        "subscribe": 'type = "track"',
        "action": "send",
        "mapping": {"url": httpserver.url_for("/hook")},
    }
    lane = {"destination": "webhook", "settings": {"allowNetworks": ["127.0.0.0/8"]}, "subscriptions": [one]}
    config = {"stores": "sqlite:state.db", "ledger": {"deliveredEvents": True}, "destinations": {"shop": lane}}
    (tmp_path / "destinations.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "events.ndjson").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ran(command: str) -> Result:
    """Run a command line; what comes through a pipe are events."""
    producer, piped, line = command.partition(" | ")
    arguments = shlex.split(instead(line if piped else producer), comments=True)
    assert "destinations" == arguments[0], command
    events = "".join(json.dumps(event | {"messageId": f"p{n}"}) + "\n" for n, event in enumerate(EVENTS))
    return CliRunner().invoke(build(arguments[1:]), arguments[1:], input=events if piped else None)


@pytest.mark.parametrize("page", sorted({one.page for one in RUN if one.language == "command"}))
def test_commands(page: str, workspace: Path, httpserver: HTTPServer) -> None:
    """The commands of a page work, one after the other."""
    if page.endswith("record.md"):
        assert 0 == ran("destinations run CONFIG events.ndjson").exit_code
    for one in RUN:
        if (one.page, one.language) == (page, "command"):
            result = ran(one.text)
            assert 0 == result.exit_code, (one.text, result.output, result.stderr)
            shutil.rmtree(workspace / "tests", ignore_errors=True)
    if page.endswith("delivery.md"):
        assert 6 == len(httpserver.log)


@pytest.mark.parametrize("one", [one for one in RUN if one.language == "python"], ids=lambda one: one.page)
def test_python(one: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block of Python runs as a module of its own."""
    monkeypatch.chdir(tmp_path)
    exec(compile(instead(one.text), one.page, "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize("one", [one for one in RUN if one.language == "yaml"], ids=lambda one: one.page)
def test_configurations(one: Snippet, tmp_path: Path) -> None:
    """A block of YAML is a configuration, or a part of one, in which the check finds no error; a destination whose
    settings are left out is not asked for them."""
    document = {"destinations": {}} | yaml.safe_load(one.text)
    (tmp_path / "c.json").write_text(json.dumps(document))
    found = [finding for finding in check_file(tmp_path / "c.json").findings if finding.level == "error"]
    assert [] == [f.to_json() for f in found if f.code != "setting-missing" or '"settings"' in json.dumps(document)]


def test_mappings() -> None:
    """A block of JSON is a mapping, and compiles."""
    for one in (one for one in RUN if one.language == "json"):
        compile_mapping({"field": json.loads(one.text)})


def test_expressions() -> None:
    """Every line of a block of FQL compiles."""
    for one in (one for one in RUN if one.language == "fql"):
        for line in one.text.splitlines():
            compile_subscription(line)
