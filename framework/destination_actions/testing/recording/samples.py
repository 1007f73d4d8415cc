"""What is recorded: one delivery each, and how few of them stand for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

NOT_SENT: Final = "refused"
NO_ANSWER: Final = "reset"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request and what came of it: a status with headers and body, or a `fault` as case files name them."""

    method: str
    url: str = field(repr=False)
    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: str = field(default="", repr=False)
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One delivery of one event: when (seconds since 1970), what came of it, and what the API answered.

    `outcome` is the outcome as JSON. `whole` says that reads are among the exchanges, too.
    """

    destination: str
    subscription: str
    event: Mapping[str, Any] = field(repr=False)
    at: float
    outcome: Mapping[str, Any] = field(repr=False)
    exchanges: Sequence[Answered] = ()
    whole: bool = True

    @property
    def word(self) -> str:
        """The outcome's word."""
        return str(self.outcome["outcome"])

    @property
    def shape(self) -> tuple[str, ...]:
        """What is structurally new about a sample: where it went, how it ended, and the form of its event."""
        head = (
            self.destination,
            self.subscription,
            self.word,
            str(self.outcome.get("reason")),
            str(self.outcome.get("code")),
        )
        if self.word == "filtered":
            return (*head[:3], str(self.event.get("type")), str(self.event.get("event")))
        kind = (f"type={self.event.get('type')}", f"event={self.event.get('event')}")
        answers = tuple(f"answer={one.method} {one.status or one.fault}" for one in self.exchanges)
        return (*head, *kind, *answers, *sorted(set(_form(self.event, ""))))


def _form(value: Any, path: str) -> Iterator[str]:
    """Every path of a value with its type."""
    if isinstance(value, Mapping):
        yield f"{path}:object"
        for key, item in value.items():
            yield from _form(item, f"{path}.{key}")
    elif isinstance(value, list):
        yield f"{path}:list"
        for item in value:
            yield from _form(item, f"{path}[]")
    else:
        yield f"{path}:{_kind(value)}"


def _kind(value: Any) -> str:
    return {bool: "boolean", str: "text", type(None): "null"}.get(type(value), "number")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Samples that stand for all: the first of each shape, and how many of how many shapes and deliveries they are."""

    samples: tuple[Sample, ...]
    shapes: int
    deliveries: int


def chosen(samples: Iterable[Sample], limit: int) -> Chosen:
    """Choose at most `limit` samples: each adds what none before it has, those that add most come first."""
    first: dict[tuple[str, ...], Sample] = {}
    count = 0
    for sample in samples:
        first.setdefault(sample.shape, sample)
        count += 1
    kept = list(first.values()) if len(first) <= limit else list(_most_new(first, limit))
    order = {id(sample): at for at, sample in enumerate(first.values())}
    return Chosen(tuple(sorted(kept, key=lambda one: order[id(one)])), len(first), count)


def _most_new(first: Mapping[tuple[str, ...], Sample], limit: int) -> Iterator[Sample]:
    """Greedy: again and again the shape with most parts that are new; then in the order of recording."""
    seen: set[str] = set()
    rest = dict(first)
    for _ in range(limit):
        shape = max(rest, key=lambda one: len(set(_parts(one)) - seen))
        seen |= set(_parts(shape))
        yield rest.pop(shape)


def _parts(shape: Sequence[str]) -> Iterator[str]:
    head = "/".join(shape[:4])
    yield head
    yield from (f"{shape[0]}/{shape[1]}: {part}" for part in shape[4:])
