"""One more action for plugins that `destinations new` did not write."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import Result
from destination_actions.cli.app import build
from destination_actions.scaffold.existing import with_action
from typer.testing import CliRunner

REAL = {"slack": "slack", "twilio-studio": "twilio_studio", "webhook": "webhook"}
DESTINATIONS = Path(__file__).parents[2] / "destinations"


def new(*arguments: str) -> Result:
    """Run `destinations new`."""
    command = ["new", *arguments]
    return CliRunner().invoke(build(command), command, env={"COLUMNS": "200"})


def test_real_destinations_take_one_more(tmp_path: Path) -> None:
    """The three destinations here get an action with an address of its own; their cases pass, and the formatter has
    nothing to say."""
    for slug, folder in REAL.items():
        shutil.copytree(DESTINATIONS / folder, tmp_path / folder)
        result = new(slug, "--action", "archiveIt", "--folder", str(tmp_path / folder))
        assert (0, True) == (result.exit_code, "put the API's address there" in result.stderr), result.output
    sources = [tmp_path / folder / "src" for folder in REAL.values()]
    modules = [str(source / f"destination_actions_{source.parent.name}" / "archive_it.py") for source in sources]
    cases = [str(tmp_path / folder / "tests" / "archive_it.cases.yaml") for folder in REAL.values()]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sources))}
    command = [str(Path(sys.executable).parent / "destinations"), "test", *cases]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (0, True) == (done.returncode, "15 passed, 0 failed" in done.stdout + done.stderr), done.stdout + done.stderr
    assert "archive_it" in (sources[0] / "destination_actions_slack" / "destination.py").read_text()
    pytest.importorskip("ruff")
    config = ["--config", str(DESTINATIONS.parent / "pyproject.toml"), "--no-cache"]
    for action in (["check", "--ignore", "INP001"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *action, *config, *modules]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stdout


SHAPES = {
    "under a name": ("ACTIONS = [one]\nhere = Destination(slug='x', actions=ACTIONS)\n", "ACTIONS = [one, added]"),
    "with a type": ("A: Final = (one,)\nhere = Destination(actions=A)\n", "A: Final = (one, added)"),
    "of a module": ("here = da.Destination(slug='x', actions=(one,))\n", "actions=(one, added)"),
    "within a function": ("def make():\n    return Destination(actions=(one,))\n", "actions=(one, added)"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str) -> None:
    """Wherever the list of actions is written out, it gets one more, and the module the import."""
    before, after = SHAPES[shape]
    text = with_action(before, "d.py", "pkg", "added", "added")
    assert (True, True) == (after in text, text.startswith("from pkg.added import added\n"))
    compile(text, "d.py", "exec")


def test_what_cannot_be_edited_is_printed(tmp_path: Path) -> None:
    """Where there is no list, nothing is written, and what to write stands in the error."""
    shutil.copytree(DESTINATIONS / "slack", tmp_path / "slack")
    package = tmp_path / "slack" / "src" / "destination_actions_slack"
    file = package / "destination.py"
    file.write_text(file.read_text().replace("actions=(post_message,)", "actions=tuple(all_of_them())"))
    result = new("slack", "--action", "archiveIt", "--folder", str(tmp_path / "slack"))
    assert 2 == result.exit_code
    assert "from destination_actions_slack.archive_it import archive_it" in result.stderr
    assert "Destination(..., actions=(..., archive_it))" in result.stderr
    (package / "settings.py").write_text("class Options: ...\n")
    result = new("slack", "--action", "archiveIt", "--folder", str(tmp_path / "slack"))
    assert "has no FieldSet named Settings" in result.stderr
    assert not (package / "archive_it.py").exists()
