"""Every code block of README.md and CONTRIBUTING.md does what the text says; every link leads somewhere."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from destination_actions.cli.app import build
from pytest_httpserver import HTTPServer
from typer.testing import CliRunner

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def python_blocks(blocks: list[Any]) -> list[str]:
    """The Python blocks."""
    return [block.text for block in blocks if block.language == "python"]


def block_with(blocks: list[Any], words: str) -> str:
    """The one Python block that holds these words."""
    (text,) = [text for text in python_blocks(blocks) if words in text]
    return text


@pytest.fixture
def chat(httpserver: HTTPServer, root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[HTTPServer]:
    """A chat on this machine, the greeter importable, and a folder of its own to work in."""
    httpserver.expect_request("/messages", method="POST").respond_with_json({"id": "m-1"}, status=201)
    monkeypatch.syspath_prepend(str(root / "examples" / "greeter"))
    monkeypatch.chdir(tmp_path)
    yield httpserver
    sys.modules.pop("greeter", None)


def ran(text: str, chat: HTTPServer) -> dict[str, Any]:
    """Run a block with the chat in place of chat.example.com; gives its names."""
    names: dict[str, Any] = {"__name__": "readme"}
    here = chat.url_for("").rstrip("/")
    exec(compile(text.replace("https://chat.example.com", here), "README.md", "exec"), names)
    return names


def bodies(chat: HTTPServer) -> list[Any]:
    """What the chat was sent."""
    return [request.get_json() for request, _ in chat.log]


MESSAGE = {"userId": "jane", "text": "jane: Order Completed"}


def test_every_block_is_known(readme: list[Any], contributing: list[Any]) -> None:
    """No block goes unchecked: the tests below cover each language and each Python block."""
    assert {"console", "python", "yaml"} == {block.language for block in readme}
    assert {"toml", "python", "console", "yaml", "markdown"} == {block.language for block in contributing}
    assert (5, 2) == (len(python_blocks(readme)), len(python_blocks(contributing)))


def test_the_destination_is_the_real_file(readme: list[Any], root: Path) -> None:
    """The destination in the README is `examples/greeter/greeter.py`, and has about twenty lines."""
    text = (root / "examples" / "greeter" / "greeter.py").read_text()
    assert text == block_with(readme, "class Settings")
    assert len(text.splitlines()) <= 25


def test_the_configuration_is_the_real_file(readme: list[Any], root: Path) -> None:
    """The configuration in the README is that of the post-purchase example, without its comment."""
    block, _ = [block for block in readme if block.language == "yaml"]
    lines = (root / "examples" / "post-purchase" / "destinations.yaml").read_text().splitlines(keepends=True)
    assert block.text == "".join(line for line in lines if not line.startswith("#"))


def test_the_cases_are_the_real_file(readme: list[Any], root: Path) -> None:
    """The cases in the README are those of the greeter; the command below them runs them."""
    _, block = [block for block in readme if block.language == "yaml"]
    assert (root / "examples" / "greeter" / "greeter.cases.yaml").read_text() == block.text


def test_the_tests(readme: list[Any], chat: HTTPServer) -> None:
    """The tests that the README shows pass."""
    names = ran(block_with(readme, "def test_the_mapping"), chat)
    names["test_the_mapping"]()
    names["test_what_is_sent"]()


@pytest.mark.parametrize("words", ["asyncio.run(main())", "with Runtime(greeter, settings={"])
def test_embedding(readme: list[Any], chat: HTTPServer, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The embedded runtimes, asynchronous and synchronous, deliver over real HTTP."""
    ran(block_with(readme, words), chat)
    assert [MESSAGE] == bodies(chat)
    assert "delivered" in capsys.readouterr().out


async def test_web_handler(readme: list[Any], chat: HTTPServer) -> None:
    """The web application delivers what is posted to it, and answers with the outcomes."""
    app = ran(block_with(readme, "web.AppKey"), chat)["app"]
    async with TestClient(TestServer(app)) as client:
        answer = await client.post("/events", json={"event": "Order Completed", "userId": "jane"})
        outcomes = await answer.json()
    assert (["delivered"], [MESSAGE]) == ([outcome["outcome"] for outcome in outcomes], bodies(chat))


def test_the_plugin(contributing: list[Any], chat: HTTPServer) -> None:
    """The module that CONTRIBUTING.md shows provides the destination, and its project file names the entry point."""
    from destination_actions.plugins import Plugins

    names = ran(block_with(contributing, "def register_destinations"), chat)
    module = type(sys)("destination_actions_greeter")
    vars(module).update(names)
    assert ["greeter"] == [one.slug for one in Plugins({"greeter": module}).destinations("greeter")]
    (project,) = [tomllib.loads(block.text) for block in contributing if block.language == "toml"]
    assert {"greeter": "destination_actions_greeter"} == project["project"]["entry-points"]["destination_actions"]


def commands(blocks: list[Any]) -> list[tuple[str, list[str]]]:
    """Every command of the console blocks with the output that is shown for it."""
    found: list[tuple[str, list[str]]] = []
    for line in (line for block in blocks if block.language == "console" for line in block.text.splitlines()):
        if line.startswith("$ "):
            found.append((line.removeprefix("$ "), []))
        else:
            found[-1][1].append(line)
    return found


def exported(blocks: list[Any]) -> dict[str, str]:
    """The variables that the console blocks set."""
    lines = [command for command, _ in commands(blocks) if command.startswith("export ")]
    return dict(part.split("=", 1) for line in lines for part in line.split()[1:])


def test_commands(readme: list[Any], root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each `destinations` command succeeds and prints what is shown for it, times apart, with the variables set."""
    monkeypatch.chdir(root)
    ours = [(command, shown) for command, shown in commands(readme) if command.startswith("destinations ")]
    assert 5 == len(ours)
    for command, shown in ours:
        arguments = command.split()[1:]
        result = CliRunner().invoke(build(arguments), arguments, env=exported(readme) | {"COLUMNS": "110"})
        assert 0 == result.exit_code, result.output
        printed = [TIME.sub("TIME", line).rstrip() for line in result.stdout.splitlines()]
        wanted = [TIME.sub("TIME", line) for line in shown if line != "..."]
        assert [] == [line for line in wanted if line not in printed]


def test_make_targets(readme: list[Any], root: Path) -> None:
    """The two commands are targets of the Makefile."""
    targets = set(re.findall(r"^(\w+):", (root / "Makefile").read_text(), re.MULTILINE))
    named = {command.split()[1] for command, _ in commands(readme) if command.startswith("make ")}
    assert ({"demo", "test"}, True) == (named, named <= targets)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"])
def test_links(name: str, root: Path) -> None:
    """Every relative link leads to a file or folder of the checkout."""
    document = root / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert [] == [link for link in local if not (document.parent / link).exists()]


def test_exit_codes_are_the_same_everywhere(root: Path) -> None:
    """The README, the help and the module state the same four codes."""
    from destination_actions.cli import exits

    assert (0, 1, 2, 3) == (exits.OK, exits.DELIVERIES, exits.CONFIGURATION, exits.INPUT)
    readme = " ".join((root / "README.md").read_text().split())
    assert "0 when all is well, 1 when deliveries were rejected, invalid, unknown or failed, 2 for a" in readme
    assert "3 when some input was no event" in readme
