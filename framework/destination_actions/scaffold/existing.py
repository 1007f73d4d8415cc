"""Plugins that are there already: finding one, and giving it one more action."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from destination_actions.errors import ConfigurationError
from destination_actions.fields import FieldSet
from destination_actions.scaffold.files import action_files, write
from destination_actions.scaffold.names import display_name, distribution_of, function_name, module_name
from destination_actions.scaffold.plan import PLACE, ActionPlan, Auth, PluginPlan
from destination_actions.scaffold.python import Group, imported, laid_out

GROUP: Final = "destination_actions"
"""The entry points' group."""


@dataclass(frozen=True, slots=True)
class Existing:
    """A plugin's folder, its slug, and its import name."""

    folder: Path
    slug: str
    package: str

    @property
    def source(self) -> Path:
        """The folder of its code."""
        return self.folder / "src" / self.package


def refuse_taken(slug: str) -> None:
    """Raise `ConfigurationError` when an installed plugin has this slug."""
    for point in entry_points(group=GROUP, name=slug):
        origin = f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value
        hint = "choose another with --slug; add an action to a plugin of yours with --action"
        raise ConfigurationError(f'the slug "{slug}" is taken: {origin} is installed and provides it', hint=hint)


def find_plugin(slug: str, folder: Path | None) -> Existing | None:
    """The plugin of this slug in a folder, else among those where one would look; None where there is none."""
    name = slug.replace("-", "_")
    places = [Path(distribution_of(slug)), Path(slug), Path(name), Path("destinations") / name, Path()]
    found = (_plugin(place, slug) for place in ([folder] if folder is not None else places))
    return next((plugin for plugin in found if plugin is not None), None)


def add_action(plugin: Existing, action: ActionPlan, url: str | None = None) -> list[Path]:
    """Write an action's files and put it where the destination's actions are. Raises `ConfigurationError`, which says
    what to write by hand, and writes nothing else.

    The address is that of the plugin's settings; `url` is for a plugin whose settings have none.
    """
    settings = _settings(plugin)
    own = getattr(settings, "URL", None)
    if url is not None and isinstance(own, str):
        message = f"--url is for a plugin without an address, and {plugin.source / 'settings.py'} has URL"
        raise ConfigurationError(message, hint="leave it out")
    whole = action if isinstance(own, str) else replace(action, address=url or PLACE)
    plan = _plan(plugin, settings, whole)
    module = module_name(whole.slug)
    path = _file_of_destination(plugin)
    text = with_action(_read(path), str(path), plugin.package, module, function_name(whole.slug))
    files = action_files(plan, whole, first=False)
    same = [name for name, content in files.items() if _holds(plugin.folder / name, content)]
    written = write(plugin.folder, {name: content for name, content in files.items() if name not in same})
    path.write_text(text, encoding="utf-8")
    return [*written, path]


def _file_of_destination(plugin: Existing) -> Path:
    """The module that makes the destination: `destination.py`, or another of the package with its list of actions."""
    usual = plugin.source / "destination.py"
    others = [usual, *(path for path in sorted(plugin.source.glob("*.py")) if path != usual)]
    found = (path for path in others if path.is_file() and _has_actions(path))
    return next(found, usual)


def _has_actions(path: Path) -> bool:
    try:
        return next(_actions(ast.parse(_read(path))), None) is not None
    except SyntaxError:
        return False


def with_action(source: str, file: str, package: str, module: str, name: str) -> str:
    """The source of `destination.py` with one more action in it. Raises `ConfigurationError` where it has no place."""
    line = imported(f"{package}.{module}", [name])
    hint = f"write the action's module and then by hand:\n    {line}\n\n    Destination(..., actions=(..., {name}))"
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ConfigurationError(f"{file}:{error.lineno}: is not Python: {error.msg}", hint=hint) from None
    actions = next(_actions(tree), None)
    if actions is None:
        raise ConfigurationError(f"{file}: there is no Destination(..., actions=(...)) to add to", hint=hint)
    items = [ast.get_source_segment(source, item) or "" for item in actions.elts]
    if name in items:
        raise ConfigurationError(f'{file}:{actions.lineno}: has the action "{name}" already')
    lines = source.splitlines(keepends=True)
    _replace(lines, actions, [*items, name])
    _insert_import(lines, tree, package, line)
    return "".join(lines)


def _actions(tree: ast.Module) -> Iterator[ast.Tuple | ast.List]:
    """What a call of `Destination` gives as its actions, written out there or under a name of the module."""
    named = dict(_assignments(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Destination":
            for keyword in node.keywords:
                value = keyword.value
                given = named.get(value.id) if isinstance(value, ast.Name) else value
                if keyword.arg == "actions" and isinstance(given, ast.Tuple | ast.List):
                    yield given


def _assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names of a module that are given a value once, at its top."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def _replace(lines: list[str], node: ast.Tuple | ast.List, items: list[str]) -> None:
    """Write a tuple or list anew, in place of its lines."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[first].encode()[: node.col_offset].decode()
    tail = lines[last].encode()[node.end_col_offset :].decode()
    indent = len(head) - len(head.lstrip())
    brackets = ("(", ",)" if len(items) == 1 else ")") if isinstance(node, ast.Tuple) else ("[", "]")
    code = Group(head.lstrip() + brackets[0], tuple(items), brackets[1])
    comma = "," if tail.startswith(",") else ""
    lines[first : last + 1] = [laid_out(code, indent, ends=comma) + tail.removeprefix(",")]


def _insert_import(lines: list[str], tree: ast.Module, package: str, line: str) -> None:
    """Put an import of the package's own where the order of imports has it."""
    own = [
        node
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == package
    ]
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    later = [node for node in own if f"from {node.module} " > line.partition("import")[0]]
    at = later[0].lineno - 1 if later else max((node.end_lineno or 0 for node in own or imports), default=0)
    lines.insert(at, line + "\n")


def _plugin(folder: Path, slug: str) -> Existing | None:
    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        project = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}") from None
    package = project.get("entry-points", {}).get(GROUP, {}).get(slug)
    return Existing(folder, slug, str(package).partition(":")[0]) if package else None


def _plan(plugin: Existing, settings: ModuleType, action: ActionPlan) -> PluginPlan:
    """What an added action needs to know of the plugin around it."""
    return PluginPlan(
        slug=plugin.slug,
        name=display_name(plugin.slug),
        description="",
        action=action,
        url=action.address or settings.URL,
        auth=_auth(plugin, settings, action),
        settings=settings.Settings,
        package=plugin.package,
    )


def _auth(plugin: Existing, settings: ModuleType, action: ActionPlan) -> Auth:
    """How the plugin's requests are authenticated; those to an address of the action's own get no credentials."""
    if hasattr(settings, "OAUTH_URL"):
        return Auth(scheme="oauth2", token_url=settings.OAUTH_URL)
    return Auth(scheme="none" if action.address else _scheme(plugin))


def _scheme(plugin: Existing) -> Any:
    return "key" if (plugin.source / "credentials.py").is_file() else "none"


def _settings(plugin: Existing) -> ModuleType:
    """The plugin's module of settings, run apart from whatever is installed."""
    path = plugin.source / "settings.py"
    hint = f"an added action imports Settings, a FieldSet, from {plugin.package}.settings: put the class there"
    spec = spec_from_file_location(f"_{plugin.package}_settings", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise ConfigurationError(f"{path}: is not there", hint=hint)
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - somebody else's code
        raise ConfigurationError(f"{path}: cannot be imported: {error}", hint=hint) from None
    fields = getattr(module, "Settings", None)
    if not (isinstance(fields, type) and issubclass(fields, FieldSet)):
        raise ConfigurationError(f"{path}: has no FieldSet named Settings", hint=hint)
    return module


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f'"{path}" cannot be read: {error.strerror}') from None


def _holds(path: Path, content: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == content
