"""From the merged pieces of one case to its steps, and the rules that a schema cannot say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.config.shape import Flaw
from destination_actions.errors import ConfigurationError, nearest
from destination_actions.testing.cases.matching import asserts_something, matcher_problems
from destination_actions.testing.cases.model import Step, seconds
from destination_actions.testing.cases.pieces import EMPTY, Piece, laid_over
from destination_actions.testing.virtual import instant

_OF_ONE: Final = ("outcome", "stopsAt", "payload", "document")
_OF_A_STEP: Final = ("events", "expect", "retryFor")
_BESIDE_CONFIG: Final = ("destination", "settings", "subscription", "subscriptions", "name", "onUnknown")


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds one case; `add` is told of whatever is wrong."""

    case: Piece
    add: Callable[[Flaw], None]

    def steps(self) -> tuple[Step, ...]:
        """The steps; a case without any is one step itself."""
        listed = self.case.get("steps")
        wanted = listed.items() if listed else [self.case]
        if listed:
            self._refuse_beside_steps()
        steps = tuple(self._step(one, listed is not None) for one in wanted)
        if not any(step.expect is not None and asserts_something(step.expect.plain()) for step in steps):
            hint = 'add "expect"; {} is met by anything'
            self.add(Flaw(self.case.pointer, "the case asserts nothing, so it could never fail", hint))
        return steps

    def check_given(self) -> None:
        """Find what contradicts itself in what is given."""
        given = self.case.get("given") or EMPTY
        if "config" in given.value:
            for key in _BESIDE_CONFIG:
                if key in given.value:
                    message = f'"{key}" stands beside "config", which gives it'
                    self.add(Flaw(given.value[key].pointer, message, "keep one of them", at_key=True))
        elif "destination" not in given.value:
            self.add(Flaw(self.case.pointer, 'given: "destination" is missing', 'or name a file with "config"'))
        elif "subscription" in given.value and "subscriptions" in given.value:
            pointer = given.value["subscriptions"].pointer
            self.add(Flaw(pointer, '"subscription" and "subscriptions" stand side by side', "keep one", at_key=True))
        elif not given.value.keys() & {"subscription", "subscriptions"}:
            self.add(Flaw(self.case.pointer, 'given: "subscription" is missing', 'such as {"preset": NAME}'))
        self._check_rest(given)

    def _check_rest(self, given: Piece) -> None:
        if "environment" in given.value and "config" not in given.value:
            pointer = given.value["environment"].pointer
            self.add(Flaw(pointer, '"environment" is for a "config" file only', "write the values here", at_key=True))
        clock = given.get("clock")
        try:
            instant(clock.value if clock else 0.0)
        except ConfigurationError as error:
            self.add(Flaw(clock.pointer if clock else "", f"given.clock: {error.message}", error.hint))
        self._check_replies(given.get("api"))
        self._check_replies(self.case.get("api"))

    def _refuse_beside_steps(self) -> None:
        for key in _OF_A_STEP:
            if piece := self.case.get(key):
                message = f'"{key}" stands beside "steps"'
                self.add(Flaw(piece.pointer, message, "put it into one of the steps", at_key=True))

    def _step(self, piece: Piece, nested: bool) -> Step:
        expect = piece.get("expect")
        if expect is not None:
            self._check_expect(expect, piece.get("events"))
        self._check_replies(piece.get("api") if nested else None)
        wait, retry = piece.get("wait"), piece.get("retryFor")
        return Step(
            wait=seconds(wait.value) if wait else 0.0,
            events=tuple(self._events(piece, nested)),
            batch=piece.get("events") is not None,
            retry_for=seconds(retry.value) if retry else None,
            api=piece.get("api") if nested else None,
            expect=expect,
        )

    def _events(self, piece: Piece, nested: bool) -> Iterator[dict[str, Any]]:
        base = laid_over((self.case.get("given") or EMPTY).get("event"), self.case.get("event"))
        base = laid_over(base, piece.get("event")) if nested else base
        without = [*self._paths(self.case)] + ([*self._paths(piece)] if nested else [])
        listed = piece.get("events")
        for one in listed.items() if listed else [EMPTY]:
            event = deepcopy(laid_over(base, one).plain())
            if not event:
                self.add(Flaw(piece.pointer, "there is no event", 'add "event"', at_key=True))
            for path in without:
                self._take_out(event, path)
            yield event

    def _paths(self, piece: Piece) -> list[Piece]:
        without = piece.get("without")
        return without.items() if without else []

    def _take_out(self, event: dict[str, Any], path: Piece) -> None:
        *above, last = str(path.value).removeprefix("$.").split(".")
        here: Any = event
        for part in above:
            here = here.get(part) if isinstance(here, dict) else None
        if not isinstance(here, dict) or last not in here:
            known = list(here) if isinstance(here, dict) else []
            message = f'without: there is no "{path.value}" in the event'
            self.add(Flaw(path.pointer, message, nearest(last, known)))
        else:
            del here[last]

    def _check_replies(self, replies: Piece | None) -> None:
        for reply in replies.items() if replies else []:
            on = reply.get("on")
            if on is not None:
                self._check_matchers(on)
            if "json" in reply.value and "body" in reply.value:
                pointer = reply.value["body"].pointer
                self.add(Flaw(pointer, '"json" and "body" stand side by side', "keep one of them", at_key=True))

    def _check_expect(self, expect: Piece, events: Piece | None) -> None:
        self._check_matchers(expect)
        one = [key for key in _OF_ONE if key in expect.value]
        many = [key for key in ("subscriptions", "each") if key in expect.value]
        if len(many) + bool(one) > 1:
            names = ", ".join(f'"{key}"' for key in [*one[:1], *many])
            self.add(Flaw(expect.pointer, f"expect: {names} exclude one another", "keep one", at_key=True))
        each = expect.get("each")
        if each and (events is None or len(events.items()) != len(each.items())):
            message = (
                f'expect.each has {len(each.items())} items, and "events" has {len(events.items()) if events else 0}'
            )
            self.add(Flaw(each.pointer, message, at_key=True))
        if events is not None and (one or "subscriptions" in expect.value):
            self.add(Flaw(expect.pointer, 'expect: several "events" need "each"', at_key=True))

    def _check_matchers(self, piece: Piece) -> None:
        for pointer, message, hint in matcher_problems(piece.plain()):
            self.add(Flaw(piece.find(pointer).pointer, message, hint, at_key=True))
