"""The README tells what the code declares: its tables are made from it, its examples run.

`python test_readme.py` writes the tables anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from destination_actions import AsyncRuntime, load_destination
from destination_actions.config import load_config
from destination_actions_twilio_studio.answers import TABLE, Row
from destination_actions_twilio_studio.sandbox import DEMO, FAULTS, Fault

README = Path(__file__).parents[1] / "README.md"
DESTINATION = load_destination("twilio-studio")
VERDICTS = {
    "accepted": "delivered",
    "refused": "rejected",
    "authentication": "stop the lane",
    "later": "try later",
    "busy": "by `contactBusy`",
    "unknown": "read back",
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows))


def default_of(spec: Any) -> str:
    """The default value or mapping, as JSON writes it."""
    if spec.mapping:
        return f"`{spec.mapping['@path']}`"
    if spec.default is True or spec.default is False:
        return f"`{str(spec.default).lower()}`"
    return f"`{spec.default}`" if isinstance(spec.default, str | int) else ""


def field_rows(specs: Iterable[Any]) -> Iterator[tuple[str, ...]]:
    """One row a field: key, label, required or default, description."""
    for spec in specs:
        need = "required" if spec.required else default_of(spec)
        marks = [word for word in ("hidden", "deprecated") if getattr(spec.hints, word)]
        description = " ".join([spec.description, *([f"({', '.join(marks)})"] if marks else [])])
        yield f"`{spec.key}`", spec.label, need, re.sub(r"(\{\{.*?\}\})", r"`\1`", description)


def status_of(row: Row) -> str:
    """`404`, `4xx`, or `400 with 21211`."""
    status = str(row.low) if row.low == row.high else f"{row.low // 100}xx"
    return f"{status} with {row.code}" if row.code else status


def fault_row(fault: Fault) -> tuple[str, ...]:
    """Name, whether an execution is made, what is answered."""
    answers = {
        "reset": "connection reset",
        "hang": "nothing",
        "drip": "201, byte by byte",
        "truncate": "201, broken off",
    }
    reply = str(fault.reply.status) if fault.reply else ""
    return f"`{fault.name}`", "yes" if fault.accepts else "no", answers.get(fault.how, reply)


def world_rows() -> Iterator[tuple[str, ...]]:
    """The demo's flows and people."""
    yield "account", f"`{DEMO.account_sid}`", "also with the API key `SK00000000000000000000000000000000`"
    for flow in DEMO.flows:
        yield "flow", f"`{flow.sid}`", flow.name if flow.published else f"{flow.name}; not published"
    for profile, ids in DEMO.profiles.items():
        numbers = [one.id for one in ids if one.type == "phone"]
        yield "person", f"`{profile}`", f"`{numbers[-1]}`" if numbers else "no phone number"


def tables() -> dict[str, str]:
    """Every table by its mark."""
    head = ("Key", "Name", "Default", "What it is")
    presets = [
        (p.name, f"`{p.subscribe}`", str(p.mapping["coolingOffPeriod"]), p.description) for p in DESTINATION.presets
    ]
    return {
        "presets": table(("Preset", "Trigger", "Seconds", "What it is for"), presets),
        "settings": table(head, field_rows(DESTINATION.settings.fields())),
        "fields": table(head, field_rows(DESTINATION.actions[0].payload.fields())),
        "answers": table(
            ("Answer", "Becomes", "Word", "Meaning"),
            [(status_of(row), VERDICTS[row.verdict], f"`{row.word}`", row.meaning) for row in TABLE],
        ),
        "world": table(("What", "ID", ""), world_rows()),
        "faults": table(("Fault", "Executed", "Answer"), map(fault_row, FAULTS.values())),
    }


def rewritten(text: str) -> str:
    """The README with its tables as they should be."""
    for mark, made in tables().items():
        text = re.sub(
            rf"(<!-- {mark} -->\n).*?(<!-- /{mark} -->)", lambda m, t=made: f"{m[1]}{t}\n{m[2]}", text, flags=re.DOTALL
        )
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
    environ = {
        "TWILIO_ACCOUNT_SID": DEMO.account_sid,
        "TWILIO_AUTH_TOKEN": "some-auth-token",
        "SEGMENT_SPACE_ID": "spa_1",
        "SEGMENT_PROFILE_API_TOKEN": "some-token",
    }
    runtime = AsyncRuntime.from_config(load_config(path, environ=environ))
    assert ["post-purchase-follow-up"] == [item.id for item in runtime.plan.subscriptions]


@pytest.mark.parametrize("text", blocks("python"))
async def test_the_example_passes(text) -> None:
    """The test in the README is a test that passes."""
    names: dict[str, Any] = {}
    exec(compile(text, "README.md", "exec"), names)
    [test] = [value for name, value in names.items() if name.startswith("test_")]
    await test()


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text()))
