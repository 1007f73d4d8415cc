"""Names that only the compiled plan knows: to expect something of what is not there is a mistake, not a pass."""

from __future__ import annotations

from typing import Final

from destination_actions.errors import ConfigurationError, nearest
from destination_actions.runtime import Plan, Subscription
from destination_actions.testing.cases.model import Case
from destination_actions.testing.cases.pieces import EMPTY, Piece

_OF_ONE: Final = frozenset({"outcome", "stopsAt", "payload", "document"})


def check_names(case: Case, expect: Piece, plan: Plan) -> None:
    """Refuse an expectation about a subscription or a field that there is not. Raises `ConfigurationError`."""
    subscriptions = {one.id: one for one in plan.subscriptions}
    for name, piece in (expect.get("subscriptions") or EMPTY).value.items():
        if name not in subscriptions:
            hint = nearest(name, subscriptions) or f"there are {', '.join(subscriptions)}"
            raise _wrong(case, piece, f'there is no subscription "{name}"', hint)
        _check_fields(case, piece, subscriptions[name])
    for piece in (expect, *(expect.get("each") or EMPTY).items()):
        about = piece.value.keys() & _OF_ONE
        if about and len(subscriptions) != 1:
            hint = 'say "subscriptions: {ID: ...}"'
            raise _wrong(case, piece, f"there are {len(subscriptions)} enabled subscriptions", hint)
        if about:
            _check_fields(case, piece, plan.subscriptions[0])


def _check_fields(case: Case, expect: Piece, subscription: Subscription) -> None:
    fields = {spec.key for spec in subscription.action.payload.fields()}
    payload = (expect.get("payload") or EMPTY).value
    members = payload.get("$exactly", Piece("", payload)).value if isinstance(payload, dict) else {}
    for key, member in (members if isinstance(members, dict) else {}).items():
        if key not in fields and not key.startswith("$"):
            hint = nearest(key, fields) or f"its fields are {', '.join(sorted(fields))}"
            raise _wrong(case, member, f'action "{subscription.action.slug}" has no field "{key}"', hint)


def _wrong(case: Case, piece: Piece, message: str, hint: str) -> ConfigurationError:
    place = case.locate(piece.pointer)
    return ConfigurationError(f"expect: {message}", pointer=piece.pointer, hint=hint, place=place)
