"""From cases to mutants: what in their subscriptions may change, and how each change is put into a plan.

What is tested is what the cases share: presets, default mappings, field defaults, a configuration, the subscription of
the file. What a case lays over the subscription of its file is the input of its test, and stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from destination_actions.config.nodes import escape
from destination_actions.errors import DefinitionError, MappingError
from destination_actions.events import MISSING
from destination_actions.fields import FieldSpec, is_reserved, with_default
from destination_actions.mapping import Directive, compile_mapping
from destination_actions.mapping import Mapping as CompiledMapping
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.testing.cases.matching import same
from destination_actions.testing.cases.model import Case
from destination_actions.testing.cases.pieces import EMPTY, Piece
from destination_actions.testing.mutation.changes import Edit, at_pointer, edited, mapping_edits, other_constant, shown
from destination_actions.testing.mutation.clauses import expression_variants

TRIGGER = "subscribe"


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one subscription's trigger, mapping or defaults; equal wherever the same thing is changed.

    `name` is the payload's field, or `subscribe`; `where` the place, such as `mapping/parameters/total`.
    """

    destination: str
    action: str
    name: str
    where: str
    what: str = field(compare=False)
    detail: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Variant:
    """A mutant in one case: the subscription by its position in the plan, and what takes its place."""

    at: int
    subscription: Subscription


Directives = Mapping[str, Directive]


class Breeder:
    """Makes the mutants of cases; what several cases share is made once."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], list[tuple[Mutant, Subscription]]] = {}
        self._actions: list[object] = []  # kept, so that no other gets the id of one

    def variants(self, case: Case, plan: Plan, directives: Directives) -> Iterator[tuple[Mutant, Variant]]:
        """Every mutant of a case's subscriptions."""
        for at, subscription in enumerate(plan.subscriptions):
            own = _own(case, at)
            parts = [str(subscription.expression), subscription.mapping.source, sorted(own)]
            key = (id(subscription.action), json.dumps(parts))
            if key not in self._known:
                self._actions.append(subscription.action)
                self._known[key] = list(_mutants(subscription, own, directives))
            for mutant, changed in self._known[key]:
                yield mutant, Variant(at, _in_lane(changed, subscription))


def _in_lane(changed: Subscription, subscription: Subscription) -> Subscription:
    """The changed parts in the subscription of this case, which has its own settings and id."""
    parts = {name: getattr(changed, name) for name in ("expression", "mapping", "action")}
    return replace(subscription, **parts)


def _own(case: Case, at: int) -> frozenset[str]:
    """Pointers into the subscription, such as `/mapping/to`, of what the case itself lays over that of its file."""
    leaves = list(_leaves(_subscription_piece(case.given, at), ""))
    own = {pointer for pointer, piece in leaves if piece.pointer.startswith("/cases/")}
    return frozenset(own if len(own) < len(leaves) else ())


def _subscription_piece(given: Piece, at: int) -> Piece:
    """What a case file says of the subscription at a position of the plan, which leaves out disabled ones."""
    listed = [given.get("subscription") or EMPTY, *(given.get("subscriptions") or EMPTY).items()]
    enabled = [one for one in listed if one.value and (one.get("enabled") or EMPTY).value is not False]
    return enabled[at] if at < len(enabled) else EMPTY


def _leaves(piece: Piece, pointer: str) -> Iterator[tuple[str, Piece]]:
    below = piece.value.items() if isinstance(piece.value, dict) else enumerate(piece.items())
    found = [leaf for key, one in below for leaf in _leaves(one, f"{pointer}/{escape(str(key))}")]
    yield from found or [(pointer, piece)]


def _mutants(
    subscription: Subscription, own: frozenset[str], directives: Directives
) -> Iterator[tuple[Mutant, Subscription]]:
    yield from _of_trigger(subscription, own)
    yield from _of_mapping(subscription, own, directives)
    yield from _of_defaults(subscription)


def _of_trigger(subscription: Subscription, own: frozenset[str]) -> Iterator[tuple[Mutant, Subscription]]:
    if f"/{TRIGGER}" in own:
        return
    before = str(subscription.expression)
    for expression, what in expression_variants(subscription.expression):
        if expression != subscription.expression:
            place = _Place(TRIGGER, TRIGGER, f"{before} -> {expression}")
            yield _mutant(subscription, place, what), replace(subscription, expression=expression)


def _of_mapping(
    subscription: Subscription, own: frozenset[str], directives: Directives
) -> Iterator[tuple[Mutant, Subscription]]:
    source: Any = subscription.mapping.source
    if not isinstance(source, dict):
        return
    for edit in mapping_edits(source, _paths(subscription)):
        mapping = None if _touches(f"/mapping{edit.pointer}", own) else _compiled(source, edit, directives)
        if mapping is not None:
            detail = json.dumps([at_pointer(source, edit.pointer), edit.kind])
            place = _Place(_field(edit), f"mapping{edit.pointer}", detail)
            yield _mutant(subscription, place, edit.what), replace(subscription, mapping=mapping)


def _paths(subscription: Subscription) -> Sequence[str]:
    """Event paths that may be swapped for one another: plain ones."""
    return [path for path in subscription.mapping.paths() if "[" not in path and path != "$"]


def _touches(pointer: str, own: frozenset[str]) -> bool:
    """Whether an edit changes something that is the case's own, or something around it."""
    return any(f"{one}/".startswith(f"{pointer}/") or f"{pointer}/".startswith(f"{one}/") for one in own)


def _compiled(source: Mapping[str, Any], edit: Edit, directives: Directives) -> CompiledMapping | None:
    """The changed mapping, or None where the change is none or makes no mapping."""
    changed = edited(source, edit)
    if same(changed, source):
        return None
    try:
        return compile_mapping(changed, directives=directives)
    except MappingError:
        return None


def _field(edit: Edit) -> str:
    return edit.pointer.split("/")[1].replace("~1", "/").replace("~0", "~")


def _of_defaults(subscription: Subscription) -> Iterator[tuple[Mutant, Subscription]]:
    """Default values of fields that the mapping leaves out."""
    source: Any = subscription.mapping.source
    action = subscription.action
    for spec in action.payload.fields():
        if not isinstance(source, dict) or spec.key in source or is_reserved(spec.key):
            continue
        for default in _other_defaults(spec):
            what = f"the default {shown(spec.default)} becomes {shown(default)}"
            with suppress(DefinitionError):
                changed = replace(action, payload=with_default(action.payload, spec.key, default))
                place = _Place(spec.key, f"default of {spec.key}", what)
                yield _mutant(subscription, place, what), replace(subscription, action=changed)


def _other_defaults(spec: FieldSpec) -> Sequence[Any]:
    if spec.default is MISSING or spec.default is None or isinstance(spec.default, dict | list):
        return []
    if spec.choices:
        return [choice.value for choice in spec.choices if choice.value != spec.default][:1]
    return [other_constant(spec.default)]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a mutant is; `detail` tells it from others there."""

    name: str
    where: str
    detail: str


def _mutant(subscription: Subscription, place: _Place, what: str) -> Mutant:
    destination = subscription.lane.destination.slug
    return Mutant(destination, subscription.action.slug, place.name, place.where, what, place.detail)
