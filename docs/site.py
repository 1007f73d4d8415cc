"""Assembles the sources of the documentation site; mkdocs calls it as a hook, and `make docs` calls mkdocs.

The sources have the shape of the checkout, so that links between documents lead where they lead there. Added are the
pages that are made of code: the installed destinations, the public names, the command line and the schemas.
"""

from __future__ import annotations

import inspect
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import destination_actions
import typer
from destination_actions.cli.app import build
from destination_actions.pages import catalogue
from destination_actions.plugins import discover
from destination_actions.schemas import load_schema, schema_names

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "docs", "examples", "schemas")
_LONGEST = 88
_LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\(([^)\s]+)\)")
_NOT_PAGES = shutil.ignore_patterns("*.py", "__pycache__")


def assemble(out: Path) -> None:
    """Write every source of the site into a folder, which is emptied first."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, out / name, ignore=_NOT_PAGES if name == "docs" else None)
        else:
            shutil.copy(source, out / name)
    for readme in sorted(ROOT.glob("destinations/*/README.md")):
        place = out / readme.relative_to(ROOT)
        place.parent.mkdir(parents=True)
        shutil.copy(readme, place)
    for name, text in made_pages().items():
        (out / "docs" / name).parent.mkdir(exist_ok=True)
        (out / "docs" / name).write_text(text, encoding="utf-8")
    for page in out.rglob("*.md"):
        page.write_text(_with_links(page), encoding="utf-8")


def _with_links(page: Path) -> str:
    """A page whose links lead somewhere on the site: to what is no file of it, only the words are left."""

    def mended(match: re.Match[str]) -> str:
        target = match[2].partition("#")[0]
        leads = not target or "://" in target or (page.parent / target).is_file()
        return match[0] if leads else match[1]

    return _LINK.sub(mended, page.read_text(encoding="utf-8"))


def made_pages() -> dict[str, str]:
    """The pages that are made of code, by their place under `docs/`."""
    usable = [row.destination for row in discover().rows if row.ok and row.destination is not None]
    pages = {f"destinations/{name}": text for name, text in catalogue(usable, "markdown").items()}
    return pages | {
        "reference/api.md": api_page(),
        "reference/command.md": command_page(),
        "reference/schemas.md": schemas_page(),
    }


# --- public names ----------------------------------------------------------------------------------------------------


def api_page() -> str:
    """Every public name with its signature and docstring."""
    parts = ["# Python interface", _first(destination_actions.__doc__ or "")]
    for name in sorted(destination_actions.__all__, key=str.casefold):
        parts += _entry(name, getattr(destination_actions, name))
    return "\n\n".join(parts) + "\n"


def _entry(name: str, thing: Any) -> Iterator[str]:
    yield f"## {name}"
    if inspect.isclass(thing) or inspect.isroutine(thing):
        yield f"```python\n{name}{_signature(thing)}\n```"
        yield _text(thing)
        yield from (_method(name, word, member) for word, member in _methods(thing))
    else:
        yield f"`{type(thing).__name__}`" if " at 0x" in repr(thing) else f"`{thing!r}`"


def _methods(thing: Any) -> Iterator[tuple[str, Any]]:
    """The public methods that a class of this package defines itself, with their docstrings."""
    for word, member in vars(thing).items() if inspect.isclass(thing) else ():
        inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
        if not word.startswith("_") and inspect.isfunction(inner) and inner.__doc__:
            yield word, member


def _method(owner: str, word: str, member: Any) -> str:
    inner = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
    shown = "" if isinstance(member, property) else _signature(inner)
    return f"### {owner}.{word}\n\n```python\n{word}{shown}\n```\n\n{_text(inner)}"


def _signature(thing: Any) -> str:
    """The signature on one line, or on a line for each parameter where that is long."""
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return ""
    parts = list(_parameters(found))
    ends = f" -> {_annotation(found.return_annotation)}" if inspect.isroutine(thing) else ""
    line = f"({', '.join(parts)}){ends}"
    return line if len(line) <= _LONGEST else "(\n    " + ",\n    ".join(parts) + f",\n){ends}"


def _parameters(found: inspect.Signature) -> Iterator[str]:
    starred = False
    for one in found.parameters.values():
        if one.name in ("self", "cls"):
            continue
        if one.kind is one.KEYWORD_ONLY and not starred:
            yield "*"
        starred = starred or one.kind in (one.KEYWORD_ONLY, one.VAR_POSITIONAL)
        name = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "") + one.name
        typed = name if one.annotation is one.empty else f"{name}: {_annotation(one.annotation)}"
        yield typed if one.default is one.empty else f"{typed} = {_default(one.default)}"


def _annotation(annotation: Any) -> str:
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return re.sub(r"destination_actions\.(?:\w+\.)*|typing\.", "", text)


def _default(value: Any) -> str:
    shown = repr(value)
    return "..." if shown.startswith("<") or " at 0x" in shown else shown


def _text(thing: Any) -> str:
    """A docstring as Markdown; what is indented after `::` is a block of code."""
    doc = inspect.getdoc(thing) or ""
    return re.sub(r"::\n\n((?:    .*\n?|\n)+)", lambda m: ":\n\n" + m[1] + "\n", doc).replace("\n::", "\n")


def _first(doc: str) -> str:
    return inspect.cleandoc(doc)


# --- the command -----------------------------------------------------------------------------------------------------


def command_page() -> str:
    """Every command with its options, as `--help` has them."""
    app = typer.main.get_command(build(["check"]))
    context = click.Context(app, info_name="destinations")
    parts = ["# The command `destinations`", str(app.help), str(app.epilog)]
    return "\n\n".join([*parts, *_commands(app, context, "destinations")]) + "\n"


def _commands(group: Any, context: click.Context, path: str) -> Iterator[str]:
    for name in sorted(group.list_commands(context)):
        command = group.get_command(context, name)
        inner = click.Context(command, parent=context, info_name=name)
        if hasattr(command, "list_commands"):
            yield from _commands(command, inner, f"{path} {name}")
            continue
        yield f"## {path} {name}"
        yield inspect.cleandoc(command.help or "")
        usage = " ".join([f"{path} {name}", *command.collect_usage_pieces(inner)])
        yield f"```text\n{usage}\n```"
        rows = [record for one in command.get_params(inner) if (record := one.get_help_record(inner)) is not None]
        if rows:
            yield "\n".join(["| option | |", "|---|---|", *(f"| `{_cell(a)}` | {_cell(b)} |" for a, b in rows)])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# --- schemas ---------------------------------------------------------------------------------------------------------


def schemas_page() -> str:
    """Every schema with its properties."""
    parts = ["# Schemas", "JSON Schemas (draft 2020-12); `destinations schema NAME` prints one."]
    for name in schema_names():
        schema = load_schema(name)
        parts += [f"## {name}", f"{schema['title']}. {schema.get('description', '')}", *_properties(schema)]
        parts += [_example(schema["examples"][0])] if schema.get("examples") else []
        for word, inner in schema.get("$defs", {}).items():
            if isinstance(inner, Mapping) and inner.get("properties") and name != "mapping":
                parts += [f"### {name}: {word}", str(inner.get("description", "")), *_properties(inner)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _properties(schema: Mapping[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    rows = [
        f"| `{key}` | {_kind(one)} | {'yes' if key in needed else ''} | {_cell(str(one.get('description', '')))} |"
        for key, one in schema.get("properties", {}).items()
        if isinstance(one, Mapping)
    ]
    if rows:
        yield "\n".join(["| key | type | required | |", "|---|---|---|---|", *rows])


def _kind(one: Mapping[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(f"`{value}`" for value in one["enum"])
    if "$ref" in one:
        return str(one["$ref"]).rpartition("/")[2]
    kinds = one.get("type", "any")
    return " or ".join(kinds) if isinstance(kinds, list) else str(kinds)


def _example(example: Any) -> str:
    return f"```json\n{json.dumps(example, indent=2, ensure_ascii=False)}\n```"


# --- mkdocs ----------------------------------------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Write the sources, and put the pages of a folder where the navigation names it."""
    out = Path(config["docs_dir"])
    assemble(out)
    config["nav"] = [_filled(item, out) for item in config["nav"]]
    return config


def _filled(item: Any, out: Path) -> Any:
    if isinstance(item, dict):
        return {title: _pages(out, inner) if _is_folder(out, inner) else inner for title, inner in item.items()}
    return item


def _is_folder(out: Path, inner: Any) -> bool:
    return isinstance(inner, str) and (out / inner).is_dir()


def _pages(out: Path, folder: str) -> list[str]:
    return [str(path.relative_to(out)) for path in sorted((out / folder).glob("*.md"))]
