"""The distributions as strangers get them: built, installed into an empty environment outside the checkout, used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

ROOT = Path(__file__).resolve().parents[2]
DESTINATIONS = sorted(path.parent for path in ROOT.glob("destinations/*/pyproject.toml"))
HELLO = Path(__file__).parent / "hello_destination"


def run(*command: str | Path, cwd: Path, expect: int = 0, **environ: str) -> str:
    """Run a command outside the checkout and give what it printed on stdout."""
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=clean | environ, capture_output=True, text=True, check=False
    )
    assert expect == done.returncode, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The wheels of the framework, of every destination of the checkout and of a stranger's plugin."""
    out = tmp_path_factory.mktemp("wheels")
    for source in (ROOT, *DESTINATIONS, HELLO):
        run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, source, cwd=out)
    return sorted(out.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheels: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment in which only the wheels and what they need are installed."""
    home = tmp_path_factory.mktemp("elsewhere") / "env"
    venv.create(home, with_pip=False)
    pip = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet", "--no-compile"]
    run(*pip, "-c", ROOT / "constraints.txt", *wheels, cwd=home)
    return home / "bin"


def test_each_distribution_builds_a_wheel(wheels: list[Path]) -> None:
    """The framework, every destination of the checkout, and a stranger's."""
    ours = [f"destination_actions_{folder.name}" for folder in DESTINATIONS]
    names = [wheel.name.split("-")[0] for wheel in wheels]
    assert sorted(["destination_actions", *ours, "hello_destination"]) == names
    assert {"destination_actions_twilio_studio", "destination_actions_webhook"} <= set(names)


def test_the_destinations_are_listed(environment: Path, tmp_path: Path) -> None:
    """`destinations list` finds our destinations and the stranger's one, usable, without the checkout."""
    listed = run(environment / "destinations", "list", cwd=tmp_path, COLUMNS="200").splitlines()
    slugs = {folder.name.replace("_", "-") for folder in DESTINATIONS} | {"hello"}
    assert slugs == {line.split()[0] for line in listed if line.split()[-1] == "ok"}


def test_every_schema_loads_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    """The installed package carries every schema of the checkout's folder, byte for byte."""
    code = (
        "import json; from destination_actions.schemas import load_schema, schema_names;"
        "print(json.dumps({name: load_schema(name) for name in schema_names()}))"
    )
    loaded = json.loads(run(environment / "python", "-c", code, cwd=tmp_path))
    expected = {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text())
        for path in (ROOT / "schemas").glob("*.schema.json")
    }
    assert expected == loaded


def test_the_package_is_typed(environment: Path, tmp_path: Path) -> None:
    """`py.typed` is in every wheel of ours, so that users' type checkers read our annotations."""
    code = (
        "from importlib.resources import files;"
        "print(all((files(p) / 'py.typed').is_file() for p in"
        f" {['destination_actions', *(f'destination_actions_{folder.name}' for folder in DESTINATIONS)]!r}))"
    )
    assert "True" == run(environment / "python", "-c", code, cwd=tmp_path).strip()


CONFIG = """\
destinations:
  greetings:
    destination: hello
    settings: {url: "${env:HELLO_URL}", token: "${env:HELLO_TOKEN}"}
    subscriptions:
      - name: Greet new people
        subscribe: type = "identify"
        action: greet
        mapping: {text: welcome}
"""


def test_a_strangers_plugin_is_checked_and_run(environment: Path, tmp_path: Path, httpserver: HTTPServer) -> None:
    """A plugin of under 45 lines in a distribution of its own is found, checked and run over real HTTP."""
    assert 45 > len((HELLO / "src/hello_destination/__init__.py").read_text().splitlines())
    httpserver.expect_request(
        "/greet", method="POST", headers={"Authorization": "Bearer s3cret-token"}, json={"text": "welcome Ann"}
    ).respond_with_json({"id": 7}, status=201)
    (tmp_path / "config.yaml").write_text(CONFIG)
    event = {"type": "identify", "messageId": "m1", "userId": "u1", "traits": {"name": "Ann"}}
    (tmp_path / "events.ndjson").write_text(json.dumps(event) + "\n")
    secrets = {"HELLO_URL": httpserver.url_for("/greet"), "HELLO_TOKEN": "s3cret-token"}
    run(environment / "destinations", "check", "config.yaml", cwd=tmp_path, **secrets)
    out = run(environment / "destinations", "run", "config.yaml", "events.ndjson", "--json", cwd=tmp_path, **secrets)
    outcome = json.loads(out)
    assert "delivered" == outcome["outcome"]
    assert {"id": 7} == outcome["data"]
    assert "s3cret-token" not in out
