"""What is found while a runtime is built: everything at once, each with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from destination_actions import AsyncRuntime
from destination_actions.config import config_from_python
from destination_actions.errors import ConfigurationError, MappingError, PluginError
from notes import SETTINGS, SUBSCRIPTION


def findings(make: Any, **changes: Any) -> list[tuple[str, str]]:
    """Pointer and first word of every finding about the one subscription; its pointer is left out."""
    with pytest.raises(ConfigurationError) as caught:
        make(subscriptions=[SUBSCRIPTION | changes])
    at = "/destinations/notes/subscriptions/0"
    return [(error.pointer.removeprefix(at), error.message.split()[0]) for error in caught.value.errors]


async def test_an_unknown_field_does_not_hide_the_rest(make) -> None:
    """Unknown fields, bad directives, the expression and the sync mode are reported in one pass."""
    mapping = {"nosuch": 1, "person": {"@nope": 1}, "period": {"@template": 5}, "__segment_internal_sync_mode": "twice"}
    found = findings(make, mapping=mapping, subscribe="type =")
    assert ["/mapping/nosuch", "/mapping/period", "/mapping/person", "/subscribe", "/syncMode"] == sorted(
        {"/".join(pointer.split("/")[:3]) for pointer, _ in found}
    )


async def test_kinds_survive(make) -> None:
    """A finding about a mapping is a `MappingError`, alone and among others."""
    with pytest.raises(MappingError):
        make(subscriptions=[SUBSCRIPTION | {"mapping": {"nosuch": 1}}])
    with pytest.raises(ConfigurationError) as caught:
        make(subscriptions=[SUBSCRIPTION | {"mapping": {"nosuch": 1, "period": {"@nope": 1}}}])
    assert [MappingError, MappingError] == [type(error) for error in caught.value.errors]


async def test_bad_settings_do_not_hide_bad_subscriptions(make) -> None:
    """Settings and subscriptions are checked in one pass."""
    with pytest.raises(ConfigurationError) as caught:
        make(settings={}, subscriptions=[SUBSCRIPTION | {"mapping": {"nosuch": 1}}])
    pointers = [error.pointer for error in caught.value.errors]
    assert any(pointer.startswith("/destinations/notes/settings/") for pointer in pointers)
    assert "/destinations/notes/subscriptions/0/mapping/nosuch" in pointers


@pytest.mark.parametrize(("key", "value"), [("action", "nosuch"), ("preset", "nosuch")])
async def test_unknown_names_are_pointed_to(make, key: str, value: str) -> None:
    """An unknown action or preset is pointed to where it is named."""
    assert [(f"/{key}", "destination")] == findings(make, **{key: value})


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"action": "nosuch"}, ["/action", "/mapping/person", "/subscribe"]),
        ({"action": None, "preset": "nosuch"}, ["/mapping/person", "/preset", "/subscribe"]),
        ({"action": None, "preset": "nosuch", "subscribe": None}, ["/mapping/person", "/preset"]),
        ({"preset": "nosuch", "subscribe": None}, ["/mapping/person", "/preset"]),
    ],
)
async def test_an_unknown_name_does_not_hide_the_rest(make, changes: dict[str, Any], pointers: list[str]) -> None:
    """The expression and the mapping are checked although the action or the preset is not known."""
    whole = {"subscribe": "type =", "mapping": {"person": {"@nope": 1}, "other": {"@path": "$.x"}}} | changes
    kept = {key: value for key, value in (SUBSCRIPTION | whole).items() if value is not None}
    with pytest.raises(ConfigurationError) as caught:
        make(subscriptions=[kept])
    at = "/destinations/notes/subscriptions/0"
    places = {"/".join(error.pointer.removeprefix(at).split("/")[:3]) for error in caught.value.errors}
    assert pointers == sorted(places - {"/mapping/other"})


def test_an_unknown_destination_is_pointed_to() -> None:
    """The place is that of the destination's name, not of everything under it."""
    config = config_from_python("twilio-studoi", SETTINGS, [SUBSCRIPTION], name="one")
    with pytest.raises(PluginError) as caught:
        AsyncRuntime.from_config(config)
    assert ("/destinations/one/destination", 'did you mean "twilio-studio"?') == (
        caught.value.pointer,
        caught.value.hint,
    )


def test_the_place_in_the_file(tmp_path: Path) -> None:
    """Line and column are those of the destination's name."""
    path = tmp_path / "c.yaml"
    path.write_text("destinations:\n  one:\n    destination: nosuch\n    settings: {}\n")
    with pytest.raises(PluginError) as caught:
        AsyncRuntime.from_config(path)
    assert f"{path}:3:18" == str(caught.value.place)


def test_an_unknown_store_is_found_before_anything_runs(tmp_path: Path) -> None:
    """A store URL that nobody knows is refused when the runtime is built, at its place."""
    path = tmp_path / "c.yaml"
    path.write_text("stores: sqlit:state.db\ndestinations: {}\n")
    with pytest.raises(ConfigurationError) as caught:
        AsyncRuntime.from_config(path)
    assert (f"{path}:1:9", 'did you mean "sqlite"?') == (str(caught.value.place), caught.value.hint)
