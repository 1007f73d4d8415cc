"""A planned plugin as files, and how they come to be without harm to what is there."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from destination_actions.errors import ConfigurationError
from destination_actions.scaffold.action import WIRE, action_source, answers_module, answers_source, is_whole
from destination_actions.scaffold.distribution import (
    CONFORMANCE_TEST,
    IGNORED,
    OAUTH_PROFILE,
    README_TEST,
    destination_source,
    package_source,
    pyproject,
)
from destination_actions.scaffold.examples import cases_of, config_of, events_of
from destination_actions.scaffold.names import module_name
from destination_actions.scaffold.plan import ActionPlan, PluginPlan
from destination_actions.scaffold.readme import readme
from destination_actions.scaffold.settings import credentials_source, settings_source

_SHOWN: Final = 5
"""Files that an error names."""


def plugin_files(plan: PluginPlan, *, alone: bool = True) -> dict[str, str]:
    """Every file of the distribution by its path; `alone` when no repository around it says how to check code."""
    source = f"src/{plan.package}"
    files = {
        "pyproject.toml": pyproject(plan, alone=alone),
        "README.md": readme(plan),
        f"{source}/__init__.py": package_source(plan),
        f"{source}/destination.py": destination_source(plan),
        f"{source}/settings.py": settings_source(plan),
        f"{source}/py.typed": "",
        "example/destinations.yaml": config_of(plan),
        "example/events.ndjson": events_of(plan),
        "tests/test_conformance.py": CONFORMANCE_TEST.format(slug=plan.slug),
        "tests/test_readme.py": README_TEST.format(slug=plan.slug),
    }
    if alone:
        files[".gitignore"] = IGNORED
    if plan.auth.scheme != "none":
        files[f"{source}/credentials.py"] = credentials_source(plan)
    if plan.auth.scheme == "oauth2":
        files[f"{source}/conformance.py"] = OAUTH_PROFILE.format(package=plan.package)
    return dict(sorted((files | action_files(plan, plan.action)).items()))


def action_files(plan: PluginPlan, action: ActionPlan, *, first: bool = True) -> dict[str, str]:
    """The files that are an action's own; the `first` one runs the example's configuration in its cases."""
    source = f"src/{plan.package}"
    module = module_name(action.slug)
    files = {
        f"{source}/{module}.py": action_source(plan, action, first=first),
        f"tests/{module}.cases.yaml": cases_of(plan, action, first=first),
    }
    answers = answers_source(plan, action)
    if answers is not None:
        files[f"{source}/{answers_module(action, first=first)}.py"] = answers
    if not is_whole(action) and (action.body or action.query or action.headers):
        files[f"{source}/wire.py"] = WIRE
    return files


def write(folder: Path, files: Mapping[str, str], *, force: bool = False) -> list[Path]:
    """Write the files below a folder. Raises `ConfigurationError` where one is there already, unless with `force`."""
    taken = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f'"{folder}" is a file; a plugin needs a folder', hint="name another with --folder")
    if taken and not force:
        named = ", ".join(taken[:_SHOWN]) + (f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else "")
        hint = "name another folder with --folder, or overwrite them with --force"
        raise ConfigurationError(f'"{folder}" has files of the same names: {named}', hint=hint)
    paths = [folder / name for name in files]
    try:
        for path, text in zip(paths, files.values(), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f'"{error.filename}" cannot be written: {error.strerror}') from None
    return paths


def stands_alone(folder: Path) -> bool:
    """Whether no project around the folder says how to check and format code."""
    for parent in folder.resolve().parents:
        file = parent / "pyproject.toml"
        if file.is_file() and _has_tools(file):
            return False
    return True


def _has_tools(file: Path) -> bool:
    try:
        return "ruff" in tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return False
