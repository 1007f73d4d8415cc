"""The files of a distribution around its actions."""

from __future__ import annotations

import json
from typing import Final

from destination_actions.scaffold.names import function_name, module_name
from destination_actions.scaffold.plan import PluginPlan
from destination_actions.scaffold.python import Code, Group, call, imported, laid_out, module, prose, quoted

HOOK: Final = '''\
@hookimpl
def register_destinations() -> Sequence[Destination[Any]]:
    """Give the destination."""
    from {package}.destination import destination

    return [destination]'''


def package_source(plan: PluginPlan) -> str:
    """`__init__.py`: the hook; the rest is imported when it is asked for."""
    imports = [
        ["from collections.abc import Sequence", "from typing import Any"],
        [imported("destination_actions", ["Destination", "hookimpl"])],
    ]
    hook = HOOK.format(package=plan.package)
    return module(
        f"{plan.name}: a destination for destination-actions.", imports, '__all__ = ["register_destinations"]', hook
    )


def destination_source(plan: PluginPlan) -> str:
    """`destination.py`."""
    action = plan.action.slug
    given: list[Code] = [
        f"slug={quoted(plan.slug)}",
        f"name={quoted(plan.name)}",
        f"description={quoted(plan.description)}",
        "settings=Settings",
        Group("actions=(", (function_name(action),), ",)"),
        "origins=origins",
    ]
    ours = [
        imported(f"{plan.package}.{module_name(action)}", [function_name(action)]),
        imported(f"{plan.package}.settings", ["Settings", "origins"]),
    ]
    if plan.auth.scheme != "none":
        given.insert(4, "authentication=authentication")
        ours.append(imported(f"{plan.package}.credentials", ["authentication"]))
    body = laid_out(call("destination = Destination", given))
    imports = [[imported("destination_actions", ["Destination"])], sorted(ours)]
    return module(f"The destination: {plan.name}.", imports, body)


def pyproject(plan: PluginPlan, *, alone: bool) -> str:
    """`pyproject.toml`; `alone` when no repository around it says how to check and format."""
    text = _PYPROJECT.format(
        distribution=plan.distribution, description=_toml(plan.description), slug=plan.slug, package=plan.package
    )
    return text + (_TOOLS if alone else "")


_PYPROJECT: Final = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "{distribution}"
version = "0.1.0"
description = {description}
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["destination-actions>=0.1,<0.2"]

[project.optional-dependencies]
test = ["pytest>=8.3"]
static = ["mypy>=1.15", "ruff>=0.9"]

[project.entry-points.destination_actions]
{slug} = "{package}"

[tool.hatch.build.targets.wheel]
packages = ["src/{package}"]
"""

_TOOLS: Final = """
[tool.pytest.ini_options]
testpaths = ["tests"]
addopts = ["--import-mode=importlib"]

[tool.mypy]
strict = true
mypy_path = "src"
files = ["src", "tests"]

[tool.ruff]
line-length = 120
"""


def _toml(text: str) -> str:
    return json.dumps(prose(text), ensure_ascii=False)


CONFORMANCE_TEST: Final = '''\
"""The destination conforms."""

from __future__ import annotations

from destination_actions.testing import conformance_tests

test_conformance = conformance_tests("{slug}")
'''

README_TEST: Final = '''\
"""The README shows what there is."""

from __future__ import annotations

from pathlib import Path

from destination_actions import load_destination

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_configuration_is_the_example() -> None:
    """The configuration in the README is the file that the cases run."""
    assert (ROOT / "example" / "destinations.yaml").read_text(encoding="utf-8") in README


def test_every_field_stands_in_a_table() -> None:
    """Each setting, and each field of an action that has a section, is there with its key and its name."""
    destination = load_destination("{slug}")
    shown = [one.payload for one in destination.actions if f"## The action `{{one.slug}}`" in README]
    specs = [spec for fields in (destination.settings, *shown) for spec in fields.fields()]
    assert [] == [spec.key for spec in specs if f"| `{{spec.key}}` | {{spec.label}} |" not in README]
    assert shown
'''

OAUTH_PROFILE: Final = '''\
"""How the conformance kit has this destination succeed: it needs an access token first."""

from __future__ import annotations

from typing import Final

from destination_actions.testing import ConformanceProfile, Reply

from {package}.settings import OAUTH_URL

profile: Final = ConformanceProfile(
    replies=[
        Reply(on=f"POST {{OAUTH_URL}}", json={{"access_token": "made-up", "token_type": "Bearer", "expires_in": 3600}})
    ]
)
'''

IGNORED: Final = ".venv/\n__pycache__/\n*.egg-info/\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\nbuild/\ndist/\n"
"""`.gitignore`."""
