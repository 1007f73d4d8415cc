"""Every page of the documentation: its commands, blocks and links, and the site that is built of them."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml
from click.testing import Result
from destination_actions.cli.app import build
from destination_actions.cli.commands import COMMANDS, GROUPS
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
HOW_TO = sorted((ROOT / "docs" / "how-to").glob("*.md"))
CREDENTIALS = {
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_AUTH_TOKEN": "t",
    "SEGMENT_SPACE_ID": "s",
    "SEGMENT_PROFILE_API_TOKEN": "t",
}
_BLOCK = re.compile(r"^( *)```([\w-]+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in some languages."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [re.sub(rf"(?m)^{indent}", "", text) for indent, language, text in found if language in languages]


def command_lines(page: Path) -> list[str]:
    """Every line of a page that calls `destinations`."""
    lines = [line for text in blocks(page, "console", "sh", "bash") for line in text.replace("\\\n", " ").splitlines()]
    found = [line.strip().removeprefix("$ ") for line in lines]
    return [line for line in found if line.startswith("destinations ")]


def command_of(words: list[str]) -> tuple[click.Command | None, list[str]]:
    """The command that words name, and the words after it; none where it is one of plugins."""
    app: Any = typer.main.get_command(build(["check"]))
    context = click.Context(app)
    if not words or words[0] not in {*COMMANDS, *GROUPS}:
        return None, words
    command = app.get_command(context, words[0])
    if words[0] in GROUPS:
        return command.get_command(context, words[1]), words[2:]
    return command, words[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist(page: Path) -> None:
    """Each command of a page is one, and has every option that is given to it."""
    for line in command_lines(page):
        words = shlex.split(line.split(" | ")[0].split(" > ")[0], comments=True)[1:]
        command, rest = command_of(words)
        assert command is not None, line
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        assert [] == [word for word in rest if word.startswith("--") and word.split("=")[0] not in known], line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_are_what_they_say(page: Path) -> None:
    """JSON is JSON, YAML is YAML, Python is Python."""
    for text in blocks(page, "json"):
        for part in [text] if _is_json(text) else text.splitlines():
            json.loads(part)
    for text in blocks(page, "yaml"):
        list(yaml.safe_load_all(text))
    for text in blocks(page, "python"):
        ast.parse(text)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link leads to a file or folder of the checkout, or to a page that is made of code."""
    made = {"api.md", "command.md", "schemas.md"}
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [] == [link for link in links if not (page.parent / link).exists() and Path(link).name not in made]


def run(line: str, folder: Path) -> Result:
    """Run a command line in a folder; what follows `>` is a file that is written."""
    text, _, target = line.partition(" > ")
    arguments = shlex.split(text)[1:]
    result = CliRunner().invoke(build(arguments), arguments, env=CREDENTIALS | {"COLUMNS": "110"})
    if target:
        (folder / target.strip()).write_text(result.stdout)
    return result


@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_guides(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of a guide work one after the other, and so do its Python blocks."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    for line in command_lines(page):
        result = run(line, tmp_path)
        assert 0 == result.exit_code, (line, result.output, result.stderr)
    for text in blocks(page, "python"):
        exec(compile(text, page.name, "exec"), {})
    assert blocks(page, "console")


# --- the site --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site() -> Any:
    """The module that assembles the site."""
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "docs" / "site.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_that_are_made_of_code(site: Any) -> None:
    """The reference has every public name, command and schema; the catalogue every destination."""
    import destination_actions
    from destination_actions.schemas import schema_names

    pages = site.made_pages()
    headings = {name: set(re.findall(r"^## (.+)$", text, re.MULTILINE)) for name, text in pages.items()}
    assert set(destination_actions.__all__) == headings["reference/api.md"]
    assert {f"destinations {name}" for name in COMMANDS} <= headings["reference/command.md"]
    assert set(schema_names()) == headings["reference/schemas.md"]
    assert "Cooldown" in pages["reference/api.md"]
    assert "at 0x" not in pages["reference/api.md"]
    assert {"destinations/index.md", "destinations/twilio-studio.md"} <= pages.keys()


class _Loads(HTMLParser):
    """Collects what a page loads by itself, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note addresses."""
        facts = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(facts.get("href", ""))
        elif tag != "link" or facts.get("rel") in ("stylesheet", "preconnect", "icon", "preload"):
            self.loads += [facts[name] for name in ("src", "href") if name in facts]


@pytest.mark.skipif(importlib.util.find_spec("material") is None, reason="needs the extra [docs]")
def test_the_site_is_built(tmp_path: Path) -> None:
    """mkdocs builds it without a warning, nothing on it comes from another host, and its links lead somewhere."""
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    config |= {"docs_dir": str(tmp_path / "docs"), "hooks": [str(ROOT / "docs" / "site.py")]}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(config, sort_keys=False))
    (tmp_path / "docs").mkdir()
    arguments = ["build", "-q", "--strict", "-f", str(tmp_path / "mkdocs.yml"), "-d", str(tmp_path / "site")]
    done = subprocess.run([sys.executable, "-m", "mkdocs", *arguments], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    broken: list[str] = []
    for path in sorted((tmp_path / "site").rglob("*.html")):
        reader = _Loads()
        reader.feed(path.read_text(encoding="utf-8"))
        assert [] == [one for one in reader.loads if re.match("(https?:)?//", one)], path
        local = [link.split("#")[0] for link in reader.links if not re.match("[a-z]+:|#|$", link)]
        broken += [
            f"{path.name}: {link}" for link in local if path.name != "404.html" and not (path.parent / link).exists()
        ]
    assert [] == broken
