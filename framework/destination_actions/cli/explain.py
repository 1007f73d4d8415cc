"""`destinations explain`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from rich.text import Text
from rich.tree import Tree

from destination_actions.cli.console import clean, found_at, note, output, print_line, say
from destination_actions.cli.exits import INPUT, OK
from destination_actions.events import Event
from destination_actions.outcomes import Problem

if TYPE_CHECKING:
    from destination_actions.runtime import SubscriptionExplanation
    from destination_actions.subscriptions import Explanation

_VERDICTS: Final = {
    "match": "not triggered: the expression does not match",
    "resolve": "invalid: the mapping cannot be resolved",
    "validate": "invalid: the payload is not valid",
    "cooldown": "invalid: no cooldown can be made",
    "ready": "would be performed",
}


def explain(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    event: Annotated[str, typer.Argument(help="One event or several: a file, or - for standard input.")],
    json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each subscription.")] = False,
) -> int:
    """Say for every subscription which step decides about an event, and on which values. Sends nothing."""
    from destination_actions.cli.source import Events
    from destination_actions.runtime import AsyncRuntime

    runtime = AsyncRuntime.from_config(config, stores="memory:")
    source = Events(event)
    for one in source:
        show = _print_json if json else _print
        show(one, runtime.explain(one))
    if not source.read and not source.bad:
        note("there is no event to explain")
    return INPUT if source.bad else OK


def _print_json(event: Event, explanations: list[SubscriptionExplanation]) -> None:
    for explanation in explanations:
        print_line({"messageId": event["messageId"], **explanation.to_json()})


def _print(event: Event, explanations: list[SubscriptionExplanation]) -> None:
    kind = " ".join(str(event[key]) for key in ("type", "event", "name") if isinstance(event.get(key), str))
    say(f"event {event['messageId']} ({kind or 'no type'})", "bold")
    for explanation in explanations:
        output().print(_tree(explanation))


def _tree(explanation: SubscriptionExplanation) -> Tree:
    ready = explanation.step == "ready"
    title = Text(clean(f"{explanation.destination} / {explanation.subscription}: "))
    title.append(_VERDICTS[explanation.step], style="green" if ready else "yellow")
    tree = Tree(title)
    _expression(tree, explanation.expression)
    if explanation.document is not None:
        _members(tree.add("mapping gives"), explanation.document)
    if explanation.problems:
        _problems(tree.add("problems"), explanation.problems)
    if explanation.payload is not None and explanation.payload != explanation.document:
        payload = tree.add(_line(f"payload of {explanation.action}"))
        _members(payload, explanation.payload)
    if explanation.cooldown is not None:
        tree.add(_line(f"cooldown: {explanation.cooldown:g} seconds"))
    return tree


def _expression(tree: Tree, expression: Explanation) -> None:
    branch = tree.add("expression matches" if expression.matches else "expression does not match")
    for clause in expression.clauses:
        mark = Text("yes  " if clause.holds else "no   ", style="green" if clause.holds else "red")
        values = ", ".join(found_at(read.path, read.value) for read in clause.reads)
        branch.add(mark + Text(clean(clause.clause)) + Text(clean(f"   {values}"), style="dim"))
    for line in _ways(expression):
        branch.add(_line(line, "cyan"))


def _ways(expression: Explanation) -> Iterator[str]:
    if expression.unsatisfiable:
        yield "no event can match"
    if expression.exceeded:
        yield "the event needs more steps than are allowed, so nothing matches"
    for edit in expression.edits:
        yield f"to match: {edit}"


def _members(branch: Tree, members: dict[str, Any]) -> None:
    for key, value in members.items():
        branch.add(_line(f"{key}: {_value(value)}"))
    if not members:
        branch.add("nothing")


def _problems(branch: Tree, problems: Any) -> None:
    problem: Problem
    for problem in problems:
        branch.add(_line(f"{problem.pointer or 'the whole'}: {problem.message}", "red"))


def _line(text: str, style: str = "") -> Text:
    return Text(clean(text), style=style)


def _value(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
