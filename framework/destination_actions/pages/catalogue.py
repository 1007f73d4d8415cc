"""The pages of several destinations, and the index that leads to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from destination_actions.definitions import Destination
from destination_actions.pages.html import as_html
from destination_actions.pages.markdown import code, table, text
from destination_actions.pages.page import page


def catalogue(destinations: Iterable[Destination[Any]], form: Literal["markdown", "html"]) -> dict[str, str]:
    """Give file names and texts: `index` and one page for each destination, sorted by name."""
    listed = sorted(destinations, key=lambda one: one.name.casefold())
    ending = "md" if form == "markdown" else "html"
    pages = {"index": _index(listed, ending)} | {one.slug: page(one) for one in listed}
    titles = {"index": "Destinations"} | {one.slug: one.name for one in listed}
    if form == "html":
        pages = {name: as_html(written, titles[name]) for name, written in pages.items()}
    return {f"{name}.{ending}": written for name, written in pages.items()}


def _index(destinations: list[Destination[Any]], ending: str) -> str:
    rows = [
        [
            f"[{text(one.name)}]({one.slug}.{ending})",
            code(one.slug),
            text(one.description),
            ", ".join(code(action.slug) for action in one.actions if not action.hidden),
        ]
        for one in destinations
    ]
    return "# Destinations\n\n" + table(["Destination", "Slug", "What it does", "Actions"], rows) + "\n"
