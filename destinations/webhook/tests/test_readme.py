"""The README tells what the code declares: its tables are made from it, its examples run.

`python test_readme.py` writes the tables anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from destination_actions import AsyncRuntime, load_destination
from destination_actions.config import load_config
from destination_actions_webhook.answers import TABLE
from destination_actions_webhook.settings import Settings
from destination_actions_webhook.signature import HEADER, signatures

README = Path(__file__).parents[1] / "README.md"
DESTINATION = load_destination("webhook")
VERDICTS = {
    "accepted": "delivered",
    "refused": "rejected",
    "credentials": "stop the lane",
    "later": "try later",
    "unknown": "send again",
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows))


def default_of(spec: Any) -> str:
    """The default value or mapping, as JSON writes it."""
    if spec.mapping:
        return f"`{spec.mapping['@path']}`"
    given = isinstance(spec.default, str | int | bool)
    return f"`{spec.default if isinstance(spec.default, str) else json.dumps(spec.default)}`" if given else ""


def field_rows(specs: Iterable[Any]) -> Iterator[tuple[str, ...]]:
    """One row a field: key, label, required or default, description."""
    for spec in specs:
        choices = ", ".join(f"`{choice.value}`" for choice in spec.choices)
        description = f"{spec.description} One of {choices}." if choices else spec.description
        yield f"`{spec.key}`", spec.label, "required" if spec.required else default_of(spec), description


def answer_rows() -> Iterator[tuple[str, ...]]:
    """One row a kind of answer."""
    for row in TABLE:
        status = str(row.low) if row.low == row.high else f"{row.low // 100}xx"
        yield status, VERDICTS[row.verdict], f"`{row.word}`", row.meaning


def tables() -> dict[str, str]:
    """Every table by its mark."""
    head = ("Key", "Name", "Default", "What it is")
    return {
        "settings": table(head, field_rows(DESTINATION.settings.fields())),
        "fields": table(head, field_rows(DESTINATION.actions[0].payload.fields())),
        "answers": table(("Answer", "Becomes", "Word", "Meaning"), answer_rows()),
    }


def rewritten(text: str) -> str:
    """The README with its tables as they should be."""
    for mark, made in tables().items():
        pattern = rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)"
        text = re.sub(pattern, lambda m, t=made: f"{m[1]}{t}\n{m[2]}", text, flags=re.DOTALL)
    return text


def blocks(language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("mark", tables())
def test_the_tables_are_current(mark) -> None:
    """Each table in the README is what the code declares."""
    found = re.search(rf"<!-- {mark} -->\n(.*?)\n<!-- /{mark} -->", README.read_text(), flags=re.DOTALL)
    assert found
    assert tables()[mark] == found[1]


@pytest.mark.parametrize("text", blocks("yaml"))
def test_the_configuration_is_valid(text, tmp_path) -> None:
    """The configuration in the README compiles."""
    path = tmp_path / "destinations.yaml"
    path.write_text(text)
    environ = {"WEBHOOK_SECRET": "some-secret", "CLIENT_ID": "client", "CLIENT_SECRET": "client-secret"}
    runtime = AsyncRuntime.from_config(load_config(path, environ=environ))
    assert ["send"] == [item.action.slug for item in runtime.plan.subscriptions]


def is_genuine() -> Any:
    """The receiver's code, as the README gives it."""
    [text] = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(text, "README.md", "exec"), names)
    return names["is_genuine"]


@pytest.mark.parametrize("body", [b"", b'{"a":1}', "ü\n".encode()])
def test_the_receivers_code_verifies(body) -> None:
    """What the README tells receivers takes our signatures, and no others."""
    settings = Settings.check({"sharedSecret": "sécret"}).value
    assert settings is not None
    header = signatures(settings, body, 1_700_000_000)[HEADER]
    verify = is_genuine()
    assert verify(header, body, "sécret", 1_700_000_299)
    assert not verify(header, body + b" ", "sécret", 1_700_000_000)
    assert not verify(header, body, "secret", 1_700_000_000)
    assert not verify(header, body, "sécret", 1_700_000_301)
    assert not any(verify(bad, body, "sécret", 1_700_000_000) for bad in ("", "t=,v1=", "x", "t=1,v1", "a,b,c"))


def test_the_known_signature_is_in_the_readme() -> None:
    """The example that receivers try is right."""
    settings = Settings.check({"sharedSecret": "key"}).value
    assert settings is not None
    header = signatures(settings, b'{"a":1}', 1_700_000_000)[HEADER]
    assert f"`{header}`" in README.read_text().replace("\n", " ")


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
