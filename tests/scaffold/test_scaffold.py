"""What `destinations new` writes passes everything at once: its cases, conformance, the formatter and the checkers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from destination_actions import load_destination
from destination_actions.cli.app import build
from destination_actions.testing.cases import load_cases, report_of, run_case
from destination_actions.testing.conformance import Level, conformance
from plugin_folders import installed
from typer.testing import CliRunner

Folders = dict[str, Path]
CAMPAIGN = os.environ.get("DESTINATION_ACTIONS_CAMPAIGN")
DOCUMENT = Path(__file__).parent / "phone_trees.openapi.yaml"
KINDS = {
    "acme-none": ["Acme none", "--auth", "none", "--url", "https://acme.example"],
    "acme-basic": ["Acme basic", "--auth", "basic", "--url", "https://acme.example"],
    "acme-key": ['Zoë\'s "Chat" \\ 4', "--slug", "acme-key", "--action", "class", "--description", 'Says "hi".'],
    "acme-oauth2": ["Acme oauth2", "--auth", "oauth2", "--url", "https://acme.example/v1/"],
    "phone-trees": ["Phone Trees", "--from-openapi", str(DOCUMENT), "--operation", "CreateRun"],
    "tree-notes": ["Tree Notes", "--from-openapi", str(DOCUMENT), "--operation", "AddNote"],
    "tree-ends": ["Tree Ends", "--from-openapi", str(DOCUMENT), "--operation", "DeleteRun", "--action", "end-run"],
}
"""The arguments of `destinations new` by the slug of what it makes."""


def made(folder: Path, *arguments: str) -> str:
    """Run `destinations new` for a folder; gives what it prints."""
    command = ["new", *arguments, "--folder", str(folder)]
    result = CliRunner().invoke(build(command), command, env={"COLUMNS": "100"})
    assert 0 == result.exit_code, result.output
    return result.output


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The folder of each kind of plugin by its slug; one of them has got a second action, and one a third."""
    root = tmp_path_factory.mktemp("plugins")
    folders = {slug: root / slug for slug in KINDS}
    for slug, folder in folders.items():
        made(folder, *KINDS[slug])
    made(folders["acme-key"], "acme-key", "--action", "sendMessage")
    document = ["--from-openapi", str(DOCUMENT), "--operation", "AddNote"]
    made(folders["phone-trees"], "phone-trees", "--action", "addNote", *document)
    made(folders["phone-trees"], "phone-trees", "--action", "aFirst")
    with installed(*folders.values(), beside=root / "installed"):
        yield folders


@pytest.mark.parametrize("slug", KINDS)
def test_its_cases_pass(plugins: Folders, slug: str) -> None:
    """Every case of every action passes, and each file has one that delivers and one that does not."""
    for file in (plugins[slug] / "tests").glob("*.cases.yaml"):
        results = [run_case(case) for case in load_cases(file)]
        assert [] == [report_of(result) for result in results if not result.ok]
        assert 5 <= len(results)


@pytest.mark.parametrize("slug", KINDS if CAMPAIGN else ["acme-none", "phone-trees", "tree-notes"])
def test_its_cases_notice_mistakes(plugins: Folders, slug: str) -> None:
    """Of the mistakes that `destinations test --mutate` makes in a mapping, at least 95 % are noticed by the cases."""
    command = ["test", str(plugins[slug]), "--mutate"]
    result = CliRunner().invoke(build(command), command, env={"COLUMNS": "200"})
    assert 0 == result.exit_code, result.output


@pytest.mark.parametrize("slug", KINDS if CAMPAIGN else ["acme-none", "acme-oauth2"])
def test_it_conforms(plugins: Folders, slug: str) -> None:
    """The first level of the conformance kit is reached without an edit; in `make campaign`, all of them by each.

    Basic credentials are looked at below, a key where CONTRIBUTING is followed.
    """
    report = conformance(slug, level=Level.GOLD if CAMPAIGN else Level.BRONZE)
    assert [] == [(one.name, one.complaints) for one in report.failures]
    assert {Level.GOLD if CAMPAIGN else Level.BRONZE} <= {one.level for one in report.results}


def test_an_action_from_a_document_conforms_before_edits(plugins: Folders) -> None:
    """Of the whole kit, at least 80 % of what applies passes for a form with path parameters and basic credentials."""
    report = conformance("phone-trees")
    counts = report.counts().values()
    passed, failed = (sum(count[word] for count in counts) for word in ("passed", "failed"))
    assert 100 < passed
    assert 0.8 <= passed / (passed + failed)
    assert [] == [(one.name, one.complaints) for one in report.failures]


def test_every_action_is_there(plugins: Folders) -> None:
    """Actions that were added later stand behind the first one, in the destination and in its package."""
    assert ["class", "sendMessage"] == [action.slug for action in load_destination("acme-key").actions]
    assert ["createRun", "addNote", "aFirst"] == [action.slug for action in load_destination("phone-trees").actions]


def test_ruff_has_nothing_to_say(plugins: Folders) -> None:
    """Each folder passes ruff's check and formatter as its own pyproject.toml has them, and as this project does."""
    pytest.importorskip("ruff")
    ruff = [sys.executable, "-m", "ruff"]
    ours = ["--config", str(Path(__file__).parents[2] / "pyproject.toml"), "--ignore", "INP001"]
    folders = list(map(str, plugins.values()))
    for command in (["check"], ["format", "--check"], ["check", *ours]):
        rows = [f"{folder}/src" for folder in folders] if "--config" in command else folders
        done = subprocess.run([*ruff, *command, "--no-cache", *rows], capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout + done.stderr


def test_mypy_has_nothing_to_say(plugins: Folders, pytestconfig: pytest.Config) -> None:
    """All packages pass in strict mode."""
    pytest.importorskip("mypy")
    sources = [folder / "src" for folder in plugins.values()]
    packages = [f"-pdestination_actions_{slug.replace('-', '_')}" for slug in plugins]
    assert pytestconfig.cache is not None
    cache = str(pytestconfig.cache.mkdir("mypy-of-plugins"))
    environ = os.environ | {"MYPYPATH": os.pathsep.join(map(str, sources)), "MYPY_CACHE_DIR": cache}
    command = [sys.executable, "-m", "mypy", "--strict", *packages]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_the_readme_shows_what_is_declared(plugins: Folders) -> None:
    """Every setting and every field of the action stands in a table."""
    for slug, folder in plugins.items():
        readme = (folder / "README.md").read_text()
        destination = load_destination(slug)
        specs = [*destination.settings.fields(), *destination.actions[0].payload.fields()]
        assert [] == [spec.key for spec in specs if f"| `{spec.key}` | {spec.label} |" not in readme]
