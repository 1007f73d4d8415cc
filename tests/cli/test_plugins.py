"""What strangers' plugins bring to the command: destinations, fields with choices, commands of their own."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]

PLUGIN = '''
from destination_actions import Accepted, Action, Destination, FieldSet, field, hookimpl
from destination_actions.definitions import ChoicePage, DynamicChoice


class Settings(FieldSet):
    pass


class Payload(FieldSet):
    list_id: str = field("List", dynamic=True)


async def lists(ctx, query):
    found = [DynamicChoice(f"l{i}", f"List {i}") for i in (1, 2) if query.query in f"List {i}"]
    return ChoicePage(found, next_page="p2" if query.page is None else None)


async def perform(ctx, payload):
    return Accepted()


@hookimpl
def register_destinations():
    add = Action(slug="add", title="Add", payload=Payload, perform=perform, choices={"listId": lists})
    return [Destination(slug="stranger", name="Stranger", settings=Settings, actions=(add,))]


@hookimpl
def register_commands(app):
    @app.command("greet")
    def greet(name: str):
        """Greet somebody."""
        print(f"hello {name}")
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make modules importable as installed distributions with an entry point each."""
    made: list[str] = []

    def installed(slug: str, source: str) -> None:
        name = f"stranger_{slug}"
        made.append(name)
        (tmp_path / f"{name}.py").write_text(source)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[destination_actions]\n{slug} = {name}\n")
        monkeypatch.syspath_prepend(str(tmp_path))

    yield installed
    for name in made:
        sys.modules.pop(name, None)


@pytest.fixture
def config(tmp_path: Path, install: Callable[..., None]) -> Path:
    """A configuration of the stranger's destination."""
    install("stranger", PLUGIN)
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"destinations": {"one": {"destination": "stranger"}}}))
    return path


def test_choices(destinations: Run, config: Path) -> None:
    """The API is asked for what a field may hold, with query and page."""
    result = destinations("choices", config, "listId")
    assert (0, True, True) == (
        result.exit_code,
        "List 2" in result.stdout,
        "there are more: --page p2" in result.stderr,
    )
    found: Any = json.loads(
        destinations("choices", config, "add.listId", "--query", "2", "--page", "p2", "--json").stdout
    )
    assert {"choices": [{"value": "l2", "label": "List 2", "description": ""}], "nextPage": None} == found


def test_choices_of_an_unknown_field(destinations: Run, config: Path) -> None:
    """A field without choices is refused with the nearest that has some."""
    result = destinations("choices", config, "listIdd")
    assert (2, True) == (result.exit_code, 'did you mean "listId"?' in result.stderr)


FORGETFUL = PLUGIN.replace("actions=(add,))", "actions=(add,), on_delete=forget)").replace(
    "@hookimpl\ndef register_destinations",
    """
async def forget(ctx, person):
    from destination_actions import Refused

    if person.user_id != "jane":
        raise Refused("never heard of them")
    return Accepted()


@hookimpl
def register_destinations""",
)


def test_forgetting_at_destinations(destinations: Run, install: Callable[..., None], tmp_path: Path) -> None:
    """Asked to, `forget` has every destination that can do so forget the person, and says how it went."""
    install("stranger", FORGETFUL)
    path = tmp_path / "destinations.json"
    path.write_text(json.dumps({"stores": "sqlite:s.db", "destinations": {"here": {"destination": "stranger"}}}))
    only_ours = destinations("forget", path, "--user", "jane")
    assert (0, False) == (only_ours.exit_code, "here" in only_ours.stdout)
    well = destinations("forget", path, "--user", "jane", "--at-destinations")
    assert (0, True) == (well.exit_code, "here: delivered" in well.stdout)
    badly = destinations("forget", path, "--user", "ravi", "--at-destinations")
    assert (1, True) == (badly.exit_code, "here: rejected, never heard of them" in badly.stdout)


def test_a_plugins_command(destinations: Run, install: Callable[..., None]) -> None:
    """A command that a plugin adds is listed and runs."""
    install("stranger", PLUGIN)
    assert "Greet somebody." in destinations("--help").stdout
    assert "hello jane\n" == destinations("greet", "jane").stdout


def test_a_plugin_that_fails(
    destinations: Run, install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A plugin that cannot be imported is a row with the reason, and a warning; the rest works."""
    install("broken", "raise RuntimeError('out of order')")
    row = next(one for one in json.loads(destinations("list", "--json").stdout) if one["slug"] == "broken")
    assert ("stranger_broken 1.0 (stranger_broken)", True) == (row["origin"], "out of order" in row["reason"])
    shown = destinations("list", COLUMNS="120").stdout
    assert ("cannot be used" in shown, "twilio-studio" in shown) == (True, True)
    capsys.readouterr()
    assert 0 == destinations("--help").exit_code
    assert "warning: plugin broken cannot be used: import failed: RuntimeError: out of order" in capsys.readouterr().err


def test_a_plugin_that_exits(
    destinations: Run, install: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A plugin that ends the process while it is imported, or fails to add its commands, takes no command away."""
    install("leaver", "import sys; sys.exit(7)")
    install("failing", PLUGIN.replace('@app.command("greet")', "raise RuntimeError").replace('"stranger"', '"failing"'))
    install("stranger", PLUGIN)
    assert "hello jane\n" == destinations("greet", "jane").stdout
    warned = capsys.readouterr().err
    assert (True, True) == (
        "import failed: SystemExit: 7" in warned,
        "register_commands failed: RuntimeError" in warned,
    )
