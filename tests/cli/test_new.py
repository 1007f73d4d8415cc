"""`destinations new` as people run it: what it asks, what it refuses, and that it harms nothing that is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import Result
from destination_actions import load_destination
from plugin_folders import installed

Run = Callable[..., Result]
DOCUMENT = Path(__file__).parents[1] / "scaffold" / "phone_trees.openapi.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.parent.name != "__pycache__"]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


def test_what_it_prints(destinations: Run) -> None:
    """Each file is named, then what to look at, then what to do next."""
    result = destinations("new", "Acme Chat")
    lines = result.stdout.splitlines()
    assert (0, "Acme Chat is in destination-actions-acme-chat:") == (result.exit_code, lines[0])
    files = texts(Path("destination-actions-acme-chat"))
    assert sorted(files) == sorted(line.strip() for line in lines[1 : lines.index("")])
    assert "  destinations conformance acme-chat" in "\n".join(lines)
    assert "note: https://api.example.com stands in settings.py" in result.stderr


def test_without_a_name_it_asks(destinations: Run) -> None:
    """Questions have answers to accept; a wrong one is asked again, with the reason; the result is that of options."""
    answers = ["Acme Chat", "Acme!", "acme", "Says hi.", "kee", "basic", "http://acme.example", "https://acme.example"]
    result = destinations("new", stdin="\n".join([*answers, "post-note", ""]))
    assert 0 == result.exit_code, result.output
    for words in (
        "Slug [acme-chat]",
        'the slug "Acme!" must be lower-case letters',
        'did you mean "acme"?',
        'there is no "kee"; did you mean "key"?',
        "must start with https://, since credentials go there",
        "First action [sendMessage]",
    ):
        assert words in result.output
    options = ["--slug", "acme", "--description", "Says hi.", "--auth", "basic", "--url", "https://acme.example"]
    destinations("new", "Acme Chat", *options, "--action", "post-note", "--folder", "by-options")
    assert texts(Path("destination-actions-acme")) == texts(Path("by-options"))


def test_a_document_is_asked_about(destinations: Run) -> None:
    """With a document the questions are about name and operation, and the document answers the rest."""
    result = destinations("new", "--from-openapi", DOCUMENT, stdin="\n\n\nCreateRn\nCreateRun\n")
    assert 0 == result.exit_code, result.output
    assert "Name [Phone Trees]" in result.output
    assert 'there is no operation "CreateRn"; did you mean "CreateRun"?' in result.output
    assert Path("destination-actions-phone-trees/src/destination_actions_phone_trees/create_run.py").is_file()


def test_nobody_answers(destinations: Run) -> None:
    """Where there is nobody to ask, the error says how to do without questions."""
    result = destinations("new", stdin="")
    assert (2, True) == (result.exit_code, 'there is no answer to "Name"\n  hint: give NAME' in result.stderr)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["???"], 'the name "???" has no letters or digits that a slug can be made of'),
        (["你好"], "give one with --slug"),
        (["Acme", "--slug", "Acme Chat"], 'the slug "Acme Chat" must be lower-case letters, digits and single hyphens'),
        (["Acme", "--slug", "../acme"], 'did you mean "acme"?'),
        (["Acme", "--slug", "actions-acme"], 'begins with "actions-", which marks aliases'),
        (["x" * 80], "has 80 characters; 60 are enough"),
        (["Acme", "--action", "send message"], 'the action "send message" must begin with a letter'),
        (["Acme", "--action", "1st"], "write it as sendMessage"),
        (["Acme", "--url", "ftp://acme.example"], "must start with https:// or http://"),
        (["Acme", "--url", "http://acme.example"], "must start with https://, since credentials go there"),
        (["Acme", "--url", "https://me:pw@acme.example"], "has a user name or password before its host"),
        (["Acme", "--operation", "CreateRun"], "--operation is of a document"),
        (["webhook"], 'the slug "webhook" is taken: destination-actions-webhook 0.1.0 is installed and provides it'),
    ],
)
def test_what_cannot_be(destinations: Run, folder: Path, arguments: list[str], words: str) -> None:
    """A name, an address or a slug that cannot be is refused in words, and nothing is written."""
    result = destinations("new", *arguments)
    assert (2, True) == (result.exit_code, words in result.stderr), result.output
    assert [] == list(folder.iterdir())


@pytest.mark.parametrize(
    ("name", "package", "module"),
    [
        ("class", "destination_actions_class", "send_message"),
        ("Zoë & Söhne", "destination_actions_zoe_sohne", "send_message"),
        ("1Plus-X", "destination_actions_1plus_x", "send_message"),
    ],
)
def test_odd_names(destinations: Run, name: str, package: str, module: str) -> None:
    """Keywords of Python, accents, digits and punctuation make usable packages."""
    result = destinations("new", name)
    [folder] = Path().iterdir()
    assert (0, True) == (result.exit_code, (folder / "src" / package / f"{module}.py").is_file()), result.output


@pytest.mark.parametrize("action", ["class", "settings", "check", "None", "to-json", "answers", "action", "field"])
def test_odd_actions(destinations: Run, action: str, tmp_path: Path) -> None:
    """Keywords, modules that are there already and methods of fields make actions all the same."""
    assert 0 == destinations("new", "Odd", "--action", action).exit_code
    with installed(Path("destination-actions-odd"), beside=tmp_path / "installed"):
        assert [action] == [one.slug for one in load_destination("odd").actions]
        assert 0 == destinations("test", "destination-actions-odd").exit_code


def test_nothing_is_overwritten(destinations: Run) -> None:
    """A second run changes no file and names those in the way; with --force they are written anew, others stay."""
    destinations("new", "Acme", "--description", "First.")
    home = Path("destination-actions-acme")
    (home / "mine.txt").write_text("mine")
    before = texts(home)
    refused = destinations("new", "Acme", "--description", "Second.")
    assert (2, True) == (refused.exit_code, "has files of the same names: .gitignore, README.md" in refused.stderr)
    assert before == texts(home)
    assert 0 == destinations("new", "Acme", "--description", "Second.", "--force").exit_code
    assert ("mine", True) == ((home / "mine.txt").read_text(), "Second." in (home / "README.md").read_text())


def test_a_folder_with_other_files_will_do(destinations: Run) -> None:
    """A folder that is under version control already is filled; a file in its place is refused."""
    Path("there/.git").mkdir(parents=True)
    assert 0 == destinations("new", "Acme", "--folder", "there").exit_code
    Path("file").write_text("")
    refused = destinations("new", "Acme", "--folder", "file")
    assert (2, True) == (refused.exit_code, '"file" is a file; a plugin needs a folder' in refused.stderr)


def test_a_repository_around_it_says_how_to_check(destinations: Run) -> None:
    """Within a project that configures ruff, the plugin has no configuration of tools of its own."""
    destinations("new", "Acme", "--folder", "alone")
    Path("pyproject.toml").write_text("[tool.ruff]\nline-length = 100\n")
    destinations("new", "Acme", "--folder", "plugins/acme")
    assert "[tool.ruff]" in Path("alone/pyproject.toml").read_text()
    assert "[tool." not in Path("plugins/acme/pyproject.toml").read_text().replace("[tool.hatch", "")


# --- one more action --------------------------------------------------------------------------------------------------


def test_an_action_is_added(destinations: Run, tmp_path: Path) -> None:
    """It gets a module and cases of its own; of what is there only the list of actions changes; twice is refused."""
    destinations("new", "Acme", "--auth", "basic")
    home = Path("destination-actions-acme")
    before = texts(home)
    result = destinations("new", "acme", "--action", "archiveNote")
    after = texts(home)
    new = {"src/destination_actions_acme/archive_note.py", "tests/archive_note.cases.yaml"}
    changed = {name for name in after if after[name] != before.get(name)}
    assert (0, new | {"src/destination_actions_acme/destination.py"}) == (result.exit_code, changed)
    again = destinations("new", "acme", "--action", "archiveNote")
    assert (2, True) == (again.exit_code, 'has the action "archive_note" already' in again.stderr)
    assert after == texts(home)
    with installed(home, beside=tmp_path / "installed"):
        assert 0 == destinations("test", home).exit_code


def test_options_of_a_new_plugin_are_refused_for_an_old_one(destinations: Run) -> None:
    """An added action uses the settings that there are."""
    destinations("new", "Acme")
    result = destinations("new", "acme", "--action", "other", "--auth", "none")
    assert (2, True) == (result.exit_code, "--auth is for a new plugin" in result.stderr)


def test_a_plugin_of_another_shape(destinations: Run) -> None:
    """Where an action cannot be put in, the error says what to write by hand, and no file is left behind."""
    destinations("new", "Acme")
    source = Path("destination-actions-acme/src/destination_actions_acme")
    text = (source / "destination.py").read_text().replace("actions=(send_message,)", "actions=everything()")
    (source / "destination.py").write_text(text)
    before = texts(Path())
    result = destinations("new", "acme", "--action", "other")
    assert (2, before) == (result.exit_code, texts(Path()))
    assert "by hand:\n        from destination_actions_acme.other import other\n" in result.stderr
    assert "Destination(..., actions=(..., other))" in result.stderr
    (source / "destination.py").write_text(text.replace("everything()", "[send_message]"))
    (source / "settings.py").write_text("import nothing_of_this_name\n")
    result = destinations("new", "acme", "--action", "other")
    assert (2, True) == (result.exit_code, "settings.py: cannot be imported: No module named" in result.stderr)


# --- documents --------------------------------------------------------------------------------------------------------


def test_json_and_yaml_are_the_same(destinations: Run) -> None:
    """A document in JSON gives the files that the same one in YAML gives, each time."""
    Path("api.json").write_text(json.dumps(yaml.safe_load(DOCUMENT.read_text())))
    for name, document in (("one", DOCUMENT), ("two", Path("api.json")), ("three", DOCUMENT)):
        options = ["--from-openapi", document, "--operation", "AddNote", "--folder", name]
        assert 0 == destinations("new", "Trees", *options).exit_code
    assert texts(Path("one")) == texts(Path("two")) == texts(Path("three"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "is no OpenAPI document: an object is needed"),
        ('{"swagger": "2.0"}', "is Swagger 2.0, and OpenAPI 3 is needed"),
        ('{"openapi": "3.0.0"}', "has no operations"),
        ('{"openapi": "3.0.0",', "api:1:21: not JSON"),
        ("openapi: [", "api:2:1: not YAML"),
        ('{"openapi": "3.1.0", "paths": {"/a": {"post": {}}}}', 'there is no operation "CreateRun"'),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "b.yaml"}}}', '"b.yaml" is in another file'),
        ('{"openapi": "3.1.0", "paths": {"/a": {"$ref": "#/b"}}}', '"#/b" leads nowhere'),
        ('{"openapi": "3.1.0", "a": {"$ref": "#/a"}, "paths": {"/a": {"$ref": "#/a"}}}', "leads back to itself"),
    ],
)
def test_documents_that_cannot_be_read(destinations: Run, text: str, words: str) -> None:
    """What is no OpenAPI 3 document, and a reference that leads nowhere, is refused with its place and a way out."""
    Path("api").write_text(text)
    result = destinations("new", "Acme", "--from-openapi", "api", "--operation", "CreateRun")
    assert (2, True) == (result.exit_code, words in result.stderr), result.output


def test_an_operation_has_to_be_named(destinations: Run) -> None:
    """Without --operation the error lists them, those that change something first; a wrong name has the nearest."""
    missing = destinations("new", "Acme", "--from-openapi", DOCUMENT)
    assert (2, True) == (missing.exit_code, "--operation: CreateRun, AddNote, Upload, DeleteRun" in missing.stderr)
    wrong = destinations("new", "Acme", "--from-openapi", DOCUMENT, "--operation", "createRun")
    assert (2, True) == (wrong.exit_code, 'did you mean "CreateRun"?' in wrong.stderr)
    upload = destinations("new", "Acme", "--from-openapi", DOCUMENT, "--operation", "Upload")
    assert (2, True) == (upload.exit_code, "a body of multipart/form-data cannot be made of fields" in upload.stderr)
    nowhere = destinations("new", "Acme", "--from-openapi", "nowhere.yaml")
    assert (2, True) == (nowhere.exit_code, 'the document "nowhere.yaml" cannot be read' in nowhere.stderr)
