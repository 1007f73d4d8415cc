"""What is left of a configuration without the parts of the wrong shape, so that one mistake does not hide the others.

Of what was cut, and of what depends on it, nothing more is said: that would only be consequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from destination_actions.config.shape import Flaw
from destination_actions.events import Json

_OFF: Final[Mapping[str, Any]] = {"destination": "cut-out", "enabled": False}
_WHICH: Final = ("destination", "enabled")
"""Without these nothing is known of a destination."""


@dataclass(slots=True)
class Sound:
    """A document without its flawed parts; None where nothing is left. What stands at or below a pointer of `doubtful`
    cannot be judged."""

    value: dict[str, Any] | None
    doubtful: set[str] = field(default_factory=set)


def sound_parts(value: Json, flaws: Iterable[Flaw]) -> Sound:
    """Cut out what has a flaw: a subscription, a source, or a key; a destination where it is not known which it is."""
    if not isinstance(value, dict) or not isinstance(value.get("destinations"), dict):
        return Sound(None)
    sound = Sound(value | {"destinations": dict(value["destinations"])})
    for flaw in flaws:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in flaw.pointer.split("/")[1:]]
        if parts and parts[0] == "destinations":
            _cut_destination(sound, parts, flaw)
        elif parts:
            _cut_top(sound, parts[0])
    return sound


def _cut_top(sound: Sound, key: str) -> None:
    """Remove a key of the document. Without times of claims, timeouts have nothing to be compared with."""
    value = sound.value or {}
    value.pop(key, None)
    sound.doubtful.add(f"/{key}")
    if key == "claims":
        sound.doubtful |= {f"/destinations/{name}/timeout" for name in value["destinations"]}


def _cut_destination(sound: Sound, parts: list[str], flaw: Flaw) -> None:
    """Remove what a flaw of a destination is about. A key that is not known may be another one, misspelled."""
    lanes: dict[str, Any] = (sound.value or {})["destinations"]
    name, below = parts[1], parts[2:]
    lane = "/".join(flaw.pointer.split("/")[:3])
    if not below or below[0] in _WHICH or not isinstance(lanes[name], dict):
        lanes[name] = _OFF
        sound.doubtful.add(lane)
    elif below[0] == "subscriptions" and len(below) > 1:
        _cut_subscription(lanes, name, int(below[1]))
        sound.doubtful.add(f"{lane}/subscriptions/{below[1]}")
    else:
        lanes[name] = {key: one for key, one in lanes[name].items() if key != below[0]}
        meant = ("settings", "subscriptions") if flaw.at_key else ()
        sound.doubtful |= {f"{lane}/{below[0]}", *(f"{lane}/{key}" for key in meant if key not in lanes[name])}


def _cut_subscription(lanes: dict[str, Any], name: str, number: int) -> None:
    """Put one that is switched off in its place, so that the others keep theirs; its id is one that no name gives."""
    listed = list(lanes[name].get("subscriptions", ()))
    if number < len(listed):
        listed[number] = {"name": "cut out", "id": f"/{number}", "action": "cut-out", "enabled": False}
        lanes[name] = lanes[name] | {"subscriptions": listed}
