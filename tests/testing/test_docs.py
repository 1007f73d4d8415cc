"""The tutorial does what it says, and the reference names every key."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from destination_actions.schemas import load_schema
from destination_actions.testing.cases.matching import MATCHERS
from plugin_folders import installed

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = re.compile(r"\d+\.\d+ ?s")
REFERENCE = ROOT / "docs" / "reference" / "cases.md"


def blocks(language: str) -> list[str]:
    """The tutorial's blocks in one language."""
    text = (ROOT / "docs" / "tutorial.md").read_text()
    return [match[2] for match in BLOCK.finditer(text) if match[1] == language]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The reader's folder, with the destination in it; its module is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "chat.py").write_text(blocks("python")[0])
    yield tmp_path
    sys.modules.pop("chat", None)


def shown(block: str) -> list[tuple[str, list[str]]]:
    """The commands of a block with the lines that are shown for each."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def run(destinations: Callable[..., Any], block: str) -> None:
    """Run the `destinations` commands of a block; each prints what is shown for it."""
    for command, lines in shown(block):
        if command.startswith("destinations "):
            result = destinations(*command.split()[1:])
            printed = [SECONDS.sub("S", line).rstrip() for line in result.output.splitlines()]
            assert [] == [line for line in lines if SECONDS.sub("S", line) not in printed], result.output


def test_the_tutorial_from_a_scaffold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, destinations: Callable[..., Any]
) -> None:
    """From nothing to green: what is made passes and notices every mutant, and does with a case of the reader's."""
    monkeypatch.chdir(tmp_path)
    first, mutated, again = blocks("console")[:3]
    [(command, _), *others] = shown(first)
    assert 0 == destinations(*shlex.split(command)[1:]).exit_code
    folder = tmp_path / "destination-actions-team-chat"
    monkeypatch.chdir(folder)
    with installed(folder, beside=tmp_path / "installed"):
        run(destinations, as_block(others))
        run(destinations, mutated)
        cases = folder / "tests" / "send_note.cases.yaml"
        cases.write_text(cases.read_text().rstrip("\n") + "\n\n" + blocks("yaml")[0])
        run(destinations, again)


def as_block(commands: list[tuple[str, list[str]]]) -> str:
    """Commands with what is shown for them, as a block again."""
    return "".join(f"$ {command}\n" + "".join(f"{line}\n" for line in lines) for command, lines in commands)


def test_the_tutorial(folder: Path, destinations: Callable[..., Any]) -> None:
    """From the first case to green: every file and every command in its order."""
    first, more = blocks("yaml")[1:]
    path = folder / "chat.cases.yaml"
    path.write_text(first)
    consoles = blocks("console")[3:]
    for block in consoles[:2]:
        run(destinations, block)
    assert first.replace('Order Complete"', 'Order Completed"') == path.read_text()
    path.write_text(first[: first.index("cases:")] + more)
    run(destinations, consoles[2])


def test_the_tutorial_says_which_cases_see_a_missing_cooldown(folder: Path, destinations: Callable[..., Any]) -> None:
    """The second and the sixth fail when it is taken out."""
    first, more = blocks("yaml")[1:]
    (folder / "chat.cases.yaml").write_text(first[: first.index("cases:")] + more)
    (folder / "chat.py").write_text((folder / "chat.py").read_text().replace(", cooldown=once_a_minute", ""))
    lines = destinations("test", "-v").output.splitlines()
    cases = [line.partition(": ")[2] for line in lines if line.startswith("failed ")]
    assert ["a second note about a person has to wait a minute", "a lost answer keeps the place taken"] == cases


def test_the_tutorials_typo(folder: Path, destinations: Callable[..., Any]) -> None:
    """The error is the one that is shown, at the place that is shown."""
    [(_, lines)] = shown(blocks("console")[6])
    (folder / "typo.cases.yaml").write_text("given: {}\ncases:\n\n  - {name: it, expct: {outcome: delivered}}\n")
    printed = destinations("test", "typo.cases.yaml").output.splitlines()
    assert [] == [line for line in lines if line not in printed]


def test_the_tutorials_python(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test in Python passes."""
    monkeypatch.syspath_prepend(str(folder))
    names: dict[str, Any] = {"__name__": "tutorial"}
    exec(compile(blocks("python")[1], "tutorial.md", "exec"), names)
    names["test_a_note_for_each_person"]()


# --- the reference ---------------------------------------------------------------------------------------------------
def rows(properties: Mapping[str, Any]) -> Iterator[str]:
    """A table of the keys of an object in the schema."""
    definitions = load_schema("cases")["$defs"]
    yield "| key | what it is |"
    yield "|---|---|"
    for key, schema in properties.items():
        target = definitions.get(schema.get("$ref", "").rpartition("/")[2], {})
        text = schema.get("description") or target.get("description") or schema.get("title", "")
        yield f"| `{key}` | {text} |"


def tables() -> Mapping[str, list[str]]:
    """The generated tables of the reference by name."""
    definitions = load_schema("cases")["$defs"]
    made = {name: list(rows(definitions[name]["properties"])) for name in ("given", "case", "reply", "expect")}
    matchers = [f"| `{{{key}: ...}}` | {matcher.form} | {matcher.meaning} |" for key, matcher in MATCHERS.items()]
    return made | {"matchers": ["| matcher | takes | is met by |", "|---|---|---|", *matchers]}


def test_the_reference_has_every_key_and_matcher(request: pytest.FixtureRequest) -> None:
    """Its tables are those of the schema and of the code."""
    text = REFERENCE.read_text()
    made = text
    for name, lines in tables().items():
        table = "\n".join(lines)
        made = re.sub(
            rf"<!-- {name} -->\n.*?<!-- /{name} -->",
            lambda _, name=name, table=table: f"<!-- {name} -->\n{table}\n<!-- /{name} -->",
            made,
            flags=re.DOTALL,
        )
    assert made == text


@pytest.mark.parametrize(
    "name", ["docs/tutorial.md", "docs/reference/cases.md", "docs/reference/record.md", "docs/reference/backtest.md"]
)
def test_links(name: str) -> None:
    """Every relative link leads somewhere."""
    document = ROOT / name
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    assert [] == [link for link in links if "://" not in link and not (document.parent / link).exists()]


@pytest.mark.parametrize(("name", "count"), [("cases", 1), ("backtest", 1)])
def test_the_references_commands(
    destinations: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, name: str, count: int
) -> None:
    """Each command of the reference prints what is shown for it."""
    monkeypatch.chdir(ROOT)
    text = (REFERENCE.parent / f"{name}.md").read_text()
    found = [match[2] for match in BLOCK.finditer(text) if match[1] == "console"]
    assert count == len(found)
    for block in found:
        run(destinations, block)


def test_the_changed_configuration_of_the_backtest(
    destinations: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The longer example is what a shorter period and a parameter of another name give."""
    monkeypatch.chdir(ROOT)
    before = "examples/post-purchase/destinations.yaml"
    changed = Path(before).read_text().replace("coolingOffPeriod: 300", "coolingOffPeriod: 60")
    (tmp_path / "b.yaml").write_text(changed.replace("total: {", "amount: {"))
    arguments = ("examples/post-purchase/events.ndjson", "--before", before, "--after", tmp_path / "b.yaml")
    text = (REFERENCE.parent / "backtest.md").read_text()
    [shown] = [match[2] for match in BLOCK.finditer(text) if match[1] == "text"]
    printed = destinations("backtest", *arguments).stdout
    assert [line.rstrip() for line in shown.splitlines()] == [line.rstrip() for line in printed.splitlines()]
