"""Sources: where events come from, with which key, and for which destinations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from destination_actions.config import Config, SourceConfig, load_config
from destination_actions.errors import ConfigurationError

KEY = "web-key-0123456789"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Load a configuration of two destinations and the given sources."""

    def loaded(sources: Any, **environ: str) -> Config:
        path = tmp_path / "destinations.json"
        destinations = {"shop": {"destination": "x"}, "crm": {"destination": "x"}}
        path.write_bytes(orjson.dumps({"destinations": destinations, "sources": sources}))
        return load_config(path, environ=environ)

    return loaded


def test_a_source(load: Any) -> None:
    """A write key comes from the environment or a file; destinations left out means all; the key is never printed."""
    web, app = load(
        {
            "web": {"writeKey": "${env:WEB}", "destinations": ["shop"]},
            "app": {"writeKey": "app-key-0123456789", "enabled": False},
        },
        WEB=KEY,
    ).sources
    assert SourceConfig(name="web", write_key=KEY, destinations=("shop",), pointer="/sources/web") == web
    assert (None, False) == (app.destinations, app.enabled)
    assert KEY not in repr(web)


def test_no_sources(load: Any) -> None:
    """A configuration needs none."""
    assert () == load({}).sources


REFUSED: dict[str, tuple[Any, str]] = {
    "no key": ({"web": {}}, 'sources.web: "writeKey" is missing'),
    "an empty key": ({"web": {"writeKey": ""}}, "sources.web.writeKey: must not be empty"),
    "a number": ({"web": {"writeKey": 12345678}}, "sources.web.writeKey: must be text"),
    "a short key": ({"web": {"writeKey": "short"}}, "sources.web.writeKey: must have at least 8 characters"),
    "a colon": ({"web": {"writeKey": "secret:secret"}}, "without spaces and colons"),
    "a newline": ({"web": {"writeKey": "secretsecret\n"}}, "without spaces and colons"),
    "beyond ASCII": ({"web": {"writeKey": "s\u00e9cretsecret"}}, "must be printable ASCII"),
    "a key twice": (
        {"web": {"writeKey": KEY}, "app": {"writeKey": KEY}},
        'sources.app.writeKey: is the write key of source "web"',
    ),
    "a variable that is not set": ({"web": {"writeKey": "${env:NONE}"}}, 'variable "NONE" is not set'),
    "an unknown destination": (
        {"web": {"writeKey": KEY, "destinations": ["shpo"]}},
        'sources.web: there is no destination "shpo"',
    ),
    "a destination twice": ({"web": {"writeKey": KEY, "destinations": ["shop", "shop"]}}, "uniqueItems"),
    "an unknown key": ({"web": {"writeKey": KEY, "destination": ["shop"]}}, 'unknown key "destination"'),
    "a bad name": ({"w b": {"writeKey": KEY}}, '"w b" cannot be a name'),
}


@pytest.mark.parametrize(("sources", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(load: Any, sources: Any, message: str) -> None:
    """What cannot be a source is refused with its place, and the key is never quoted."""
    with pytest.raises(ConfigurationError) as caught:
        load(sources)
    assert message in str(caught.value)
    assert not {KEY, "short,", "secret:secret", "12345678"} & set(str(caught.value).replace('"', " ").split())


def test_a_disabled_source_needs_no_key(load: Any) -> None:
    """As with destinations, references of what is disabled are left alone."""
    (web,) = load({"web": {"writeKey": "${env:NONE}", "enabled": False}}).sources
    assert not web.enabled
