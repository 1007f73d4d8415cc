"""The smallest edits of an event that turn a miss into a match."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice, product
from typing import Any, Final, TypeAlias

from destination_actions.events import MISSING, Missing
from destination_actions.subscriptions.candidates import candidates
from destination_actions.subscriptions.demands import Alternatives, Demand, Demands
from destination_actions.subscriptions.expansion import expanded
from destination_actions.subscriptions.format import format_path
from destination_actions.subscriptions.interpreted import Interpreter, found, reads
from destination_actions.subscriptions.limits import Budget, LimitExceeded
from destination_actions.subscriptions.nodes import Condition, Path

Event: TypeAlias = dict[str, Any]

_ALTERNATIVES: Final = 48
_TRIES: Final = 400
_ROUNDS: Final = 3
_SEARCH_STEPS: Final = 400_000
_TRY_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of an event: `value` is put at the path, or the member is removed when it is `MISSING`."""

    keys: tuple[str, ...]
    value: Any | Missing

    @property
    def path(self) -> str:
        """Give the path as an expression writes it."""
        return format_path(Path("event", self.keys), in_item=False)

    def to_json(self) -> dict[str, Any]:
        """Give `{"edit": "set", "path", "value"}` or `{"edit": "remove", "path"}`."""
        if self.value is MISSING:
            return {"edit": "remove", "path": self.path}
        return {"edit": "set", "path": self.path, "value": self.value}

    def __str__(self) -> str:
        """Say it in words."""
        return f"remove {self.path}" if self.value is MISSING else f"set {self.path} to {self.value!r}"


def applied(event: Event, edits: Iterable[Edit]) -> Event:
    """Give a changed event that shares with the old one what stays: objects are made on the way, one index appends."""
    for edit in edits:
        event = _changed(event, edit.keys, edit.value) if edit.keys else event
    return event


def _changed(container: Any, keys: tuple[str, ...], value: Any) -> Any:
    inside = found(container, keys[:1])
    if len(keys) > 1:
        if value is MISSING and not isinstance(inside, (dict, list)):
            return container
        value = _changed(inside if isinstance(inside, (dict, list)) else {}, keys[1:], value)
    return (
        _with_item(container, keys[0], value)
        if isinstance(container, list)
        else _with_member(container, keys[0], value)
    )


def _with_member(members: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    if value is MISSING:
        return {name: member for name, member in members.items() if name != key}
    return {**members, key: value}


def _with_item(items: list[Any], key: str, value: Any) -> list[Any]:
    """Change an item or append one; a list has no other keys, and null is the nearest to nothing there."""
    place = int(key) if key.isdigit() else len(items) + 1
    if place > len(items) or (place == len(items) and value is MISSING):
        return items
    return [*items[:place], None if value is MISSING else value, *items[place + 1 :]]


def smallest_edits(condition: Condition, event: Event) -> tuple[Edit, ...]:
    """Give edits after which the condition holds, as few as were found; none where none were found."""
    edits: tuple[Edit, ...] = ()
    changed = event
    for _ in range(_ROUNDS):
        edits = _merged((*edits, *_Search(condition, changed).best()))
        changed = applied(event, edits)
        if _holds(condition, changed):
            return _without_needless(condition, event, edits)
    return ()


def _holds(condition: Condition, event: Event) -> bool:
    try:
        return Interpreter(event).holds(condition)
    except (LimitExceeded, RecursionError):
        return False


def _merged(edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Keep the last edit of each path."""
    return tuple({edit.keys: edit for edit in edits}.values())


def _without_needless(condition: Condition, event: Event, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    for edit in edits:
        fewer = tuple(other for other in edits if other is not edit)
        if _holds(condition, applied(event, fewer)):
            edits = fewer
    return edits


class _Search:
    """Looks for edits of one event, cheapest demands first."""

    def __init__(self, condition: Condition, event: Event) -> None:
        self.condition = condition
        self.event = event
        self.budget = Budget(_SEARCH_STEPS)
        self.interpreter = Interpreter(event, self.budget)
        self.places = dict[Demand, Path | None]()

    def best(self) -> tuple[Edit, ...]:
        """Give the fewest edits found that fulfil the condition, else the first that fulfil one list of demands."""
        found_edits: list[tuple[Edit, ...]] = []
        with suppress(LimitExceeded, RecursionError):
            found_edits.extend(self.improving())
        complete = [edits for edits in found_edits if _holds(self.condition, applied(self.event, edits))]
        return min(complete, key=len) if complete else found_edits[0] if found_edits else ()

    def improving(self) -> Iterator[tuple[Edit, ...]]:
        """Give edits for each list of demands that may need fewer than those before."""
        alternatives = Alternatives(_ALTERNATIVES, self.cost, partial(expanded, event=self.event))
        fewest = 0
        for demands in alternatives.of(self.condition):
            if fewest and self.cost(demands) >= fewest:
                return
            edits = self.fulfilling(demands)
            if edits:
                yield edits
                if self.fulfils(edits):
                    fewest = min(fewest or len(edits), len(edits))

    def fulfils(self, edits: tuple[Edit, ...]) -> bool:
        """Tell whether the condition holds after some edits."""
        return Interpreter(applied(self.event, edits), self.budget).holds(self.condition)

    def cost(self, demands: Demands) -> int:
        """Count the places that must change at least."""
        return len({place for demand in demands if (place := self.place(demand))})

    def place(self, demand: Demand) -> Path | None:
        """Give a place that must change for a demand, None if it is met."""
        if demand not in self.places:
            met = self.interpreter.clause(demand.clause) == demand.wanted
            self.places[demand] = None if met else next(reads(demand.clause), Path("event", ()))
        return self.places[demand]

    def fulfilling(self, demands: Demands) -> tuple[Edit, ...]:
        """Give edits, one a place, after which all demands are met; none where none are found."""
        edits: tuple[Edit, ...] = ()
        for group in _connected(demands):
            if any(map(self.place, group)):
                found_edits = self.of_group(group)
                if not found_edits:
                    return ()
                edits += found_edits
        return tuple(sorted(edits, key=lambda edit: len(edit.keys)))

    def of_group(self, group: Demands) -> tuple[Edit, ...]:
        """Give edits for demands that share places: of one place if that will do, else of two, and so on."""
        paths = sorted({path for demand in group for path in reads(demand.clause)}, key=lambda path: path.keys)
        values = {path: self.values(path, group, paths) for path in paths}
        for path in paths:
            for value in values[path]:
                if self.fits(group, edits := (Edit(path.keys, value),)):
                    return edits
        likely = {path: self.likely(path, group, values[path]) for path in paths}
        sizes = range(2, len(paths) + 1)
        sets = (chosen for size in sizes for chosen in combinations(paths, size))
        tries = (edits for chosen in sets for edits in _assignments(chosen, likely))
        return next((edits for edits in islice(tries, _TRIES) if self.fits(group, edits)), ())

    def likely(self, path: Path, group: Demands, values: list[Any]) -> list[Any]:
        own = frozenset(demand for demand in group if list(reads(demand.clause)) == [path])
        return [value for value in values if self.fits(own, (Edit(path.keys, value),))][:6]

    def values(self, path: Path, group: Demands, paths: list[Path]) -> list[Any]:
        now = found(self.event, path.keys)
        others = [found(self.event, other.keys) for other in paths if other != path]
        return [*candidates(path, group, now), *others]

    def fits(self, demands: Demands, edits: tuple[Edit, ...]) -> bool:
        """Tell whether the demands are met after some edits."""
        self.budget.spend(_TRY_STEPS)
        interpreter = Interpreter(applied(self.event, edits), self.budget)
        return all(interpreter.clause(demand.clause) == demand.wanted for demand in demands)


def _assignments(paths: Sequence[Path], values: dict[Path, list[Any]]) -> Iterator[tuple[Edit, ...]]:
    for chosen in product(*(values[path] for path in paths)):
        yield tuple(Edit(path.keys, value) for path, value in zip(paths, chosen, strict=True))


def _connected(demands: Demands) -> Iterator[Demands]:
    """Part demands into groups that share no place, where a place shares with everything inside it."""
    rest = [(demand, [path.keys for path in reads(demand.clause)]) for demand in demands]
    rest.sort(key=lambda pair: pair[1])
    while rest:
        demand, places = rest.pop(0)
        group, grown = {demand}, True
        while grown:
            near = [pair for pair in rest if any(_overlap(a, b) for a in pair[1] for b in places)]
            rest = [pair for pair in rest if pair not in near]
            group |= {pair[0] for pair in near}
            places = [*places, *(place for pair in near for place in pair[1])]
            grown = bool(near)
        yield frozenset(group)


def _overlap(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    shorter = min(len(first), len(second))
    return first[:shorter] == second[:shorter]
