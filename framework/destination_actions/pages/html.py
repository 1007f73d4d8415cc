"""A page as HTML that stands alone: no script, no font and no picture comes from elsewhere."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import Final

_STYLE: Final = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2330; }
h1, h2, h3 { line-height: 1.2; margin-top: 2em; } h1 { margin-top: 0; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; background: #f3f4f7; border-radius: 4px; }
code { padding: 0.1em 0.3em; overflow-wrap: anywhere; } pre { padding: 1em; overflow-x: auto; } pre code { padding: 0; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: 0.4em 0.7em; border-bottom: 1px solid #dde1e8; }
td:first-child { white-space: nowrap; } a { color: #1a56c4; }
@media (prefers-color-scheme: dark) {
  body { background: #14171d; color: #dfe3ea; } code, pre { background: #222732; }
  th, td { border-color: #343b48; } a { color: #8ab4f8; }
}
""".strip()


def as_html(markdown: str, title: str) -> str:
    """Give a whole HTML document; HTML in the Markdown is shown, not obeyed."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(markdown)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", inline.content.strip().lower().replace(" ", "-"))
    body = reader.renderer.render(tokens, reader.options, {})
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head>\n<body>\n{body}</body></html>\n'
    )
