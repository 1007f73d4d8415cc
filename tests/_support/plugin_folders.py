"""Folders of plugins, importable as if `pip install -e` had been run on them."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def installed(*folders: Path, beside: Path) -> Iterator[None]:
    """Have the plugins of these folders found by their entry points, here and in child processes; then forget them.

    What says so is written into the folder `beside`.
    """
    paths = [str(folder.resolve() / "src") for folder in folders] + [str(beside)]
    packages = [_described(folder, beside) for folder in folders]
    before, environment = list(sys.path), os.environ.get("PYTHONPATH")
    sys.path[:0] = paths
    os.environ["PYTHONPATH"] = os.pathsep.join([*paths, *([environment] if environment else [])])
    try:
        yield
    finally:
        sys.path[:] = before
        os.environ.pop("PYTHONPATH")
        os.environ |= {"PYTHONPATH": environment} if environment else {}
        for name in [name for name in sys.modules if name.partition(".")[0] in packages]:
            del sys.modules[name]


def _described(folder: Path, beside: Path) -> str:
    """Write what an installer would; gives the package."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    [(slug, package)] = project["entry-points"]["destination_actions"].items()
    info = beside / f"{package}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    lines = [f"Name: {project['name']}", f"Version: {project['version']}"]
    (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines, ""]))
    (info / "entry_points.txt").write_text(f"[destination_actions]\n{slug} = {package}\n")
    return str(package)
