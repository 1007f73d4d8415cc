"""Configuration files become values, or one error that says everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from destination_actions import ConfigurationError
from destination_actions.config import Config, config_from_python, load_config
from destination_actions.protocols import ClaimTimes

Load = Callable[..., Config]
Refused = Callable[..., ConfigurationError]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Write a file and load it."""

    def loaded(text: str | bytes, name: str = "c.yaml", **environ: str) -> Config:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_config(path, environ=environ)

    return loaded


@pytest.fixture
def refused(load: Load) -> Refused:
    """Load what must be refused; gives the error."""

    def error(text: str | bytes, name: str = "c.yaml", **environ: str) -> ConfigurationError:
        with pytest.raises(ConfigurationError) as caught:
            load(text, name, **environ)
        return caught.value

    return error


GOOD = """\
stores: sqlite:state.db
onStoreError: open
destinations:
  shop:
    destination: twilio-studio
    onUnknown: suppress
    settings: {accountSid: "AC-${env:SID}", nested: [{token: "${file:token}"}], port: 8080}
    subscriptions:
      - name: Post-purchase follow-up!
        subscribe: type = "track"
        partnerAction: triggerStudioFlow
        syncMode: upsert
        mapping: {from: "+15551234567", 404: ~, when: 2026-01-01, answer: no}
      - {preset: Onboarding, enabled: false, mapping: {}}
  spare: {destination: other, enabled: false, settings: {token: "${env:NOT_SET}"}}
"""


def test_yaml_becomes_values(load: Load, tmp_path: Path) -> None:
    """Every key of the file arrives, with defaults and references in settings filled in."""
    (tmp_path / "token").write_text("sec${env:SID}ret\n")
    config = load(GOOD, SID="123")
    shop, spare = config.destinations
    first, second = shop.subscriptions
    assert (f"sqlite:{tmp_path}/state.db", "open") == (config.stores, config.on_store_error)
    assert {"accountSid": "AC-123", "nested": [{"token": "sec${env:SID}ret"}], "port": 8080} == shop.settings
    assert ("shop", "twilio-studio", "suppress", True) == (shop.name, shop.destination, shop.on_unknown, shop.enabled)
    assert ("post-purchase-follow-up", "triggerStudioFlow", "upsert") == (first.id, first.action, first.sync_mode)
    assert {"from": "+15551234567", "404": None, "when": "2026-01-01", "answer": "no"} == first.mapping
    assert ("Onboarding", "onboarding", False) == (second.name, second.id, second.enabled)
    assert (False, "${env:NOT_SET}") == (spare.enabled, spare.settings["token"])


def test_times_of_claims(load: Load) -> None:
    """What is given of the claims' times replaces the usual ones."""
    assert ClaimTimes() == load("destinations: {}").times
    assert ClaimTimes(grace=30.0, send=2.5) == load("destinations: {}\nclaims: {grace: 30, send: 2.5}").times


@pytest.mark.parametrize(
    ("value", "word"), [("{grace: -1}", "grace"), ("{lease: 0}", "lease"), ("{window: 1}", "window")]
)
def test_times_that_are_none(refused: Refused, value: str, word: str) -> None:
    """A negative time, a lease of nothing and an unknown name are refused by name."""
    assert word in str(refused(f"destinations: {{}}\nclaims: {value}\n"))


def test_json_and_yaml_say_the_same(load: Load) -> None:
    """The same document in either form gives the same values."""
    document = {"destinations": {"a": {"destination": "d", "settings": {"x": [1, 2.5, True, None, "ä\n\U0001f600"]}}}}
    from_json = load(json.dumps(document, indent=1), "c.json")
    from_yaml = load(json.dumps(document, ensure_ascii=False), "c.yaml")
    assert from_json.destinations == from_yaml.destinations


@pytest.mark.parametrize("name", ["c.yaml", "c.json"])
def test_places(load: Load, name: str) -> None:
    """A pointer leads to the value, or for an object to its key; something absent to what stands above it."""
    text = '{"destinations":\n  {"a": {"destination": "d",\n    "subscriptions": [\n  {"id": "x", "preset": "p"}]}}}'
    place = load(text, name).place
    found = {
        pointer: str(place(pointer)).rpartition(name)[2]
        for pointer in (
            "/destinations/a",
            "/destinations/a/destination",
            "/destinations/a/subscriptions/0/id",
            "/destinations/a/subscriptions/0/mapping/x",
        )
    }
    assert {
        "/destinations/a": ":2:4",
        "/destinations/a/destination": ":2:25",
        "/destinations/a/subscriptions/0/id": ":4:10",
        "/destinations/a/subscriptions/0/mapping/x": ":4:3",
    } == found


def test_unquoted_phone_number(refused: Refused) -> None:
    """A phone number without quotes is refused with line, column and the hint that it needs quotes."""
    error = refused(
        "destinations:\n  a:\n    destination: d\n    subscriptions:\n"
        "      - {name: n, subscribe: x, action: y, mapping: {from: +15551234567}}\n"
    )
    assert (5, 60) == (error.place.line, error.place.column)  # type: ignore[union-attr]
    assert "+15551234567 is a number without quotes, and would lose its plus sign" == error.message
    assert 'put it in quotes, as in "+15551234567"' == error.hint


def test_every_error_at_once(refused: Refused) -> None:
    """All findings come together, in the order of the file, each with place and hint."""
    error = refused(
        "destinations:\n"
        "  shop:\n"
        "    destination: 5\n"
        "    setings: {}\n"
        "    enabled: yes\n"
        "    onUnknown: retri\n"
        "    subscriptions: [{name: a, subscribe: x, action: y, zip: 012}, {mapping: {}}]\n"
        "store: 'memory:'\n"
    )
    where = "destinations.shop"
    assert [
        (3, f"{where}.destination: must be text, not 5", None),
        (4, f'{where}: unknown key "setings"', 'did you mean "settings"?'),
        (5, f'{where}.enabled: must be true or false, not "yes"', "write true or false"),
        (6, f'{where}.onUnknown: must be one of reconcile, suppress, retry, not "retri"', 'did you mean "retry"?'),
        (7, f'{where}.subscriptions[0]: unknown key "zip"', error.errors[4].hint),
        (7, "012 is a number without quotes, and would lose its leading zero", 'put it in quotes, as in "012"'),
        (7, f'{where}.subscriptions[1]: "name" and "action" are missing', error.errors[6].hint),
        (8, 'the configuration: unknown key "store"', 'did you mean "stores"?'),
    ] == [(one.place.line, one.message, one.hint) for one in error.errors]  # type: ignore[union-attr]


def test_identities(refused: Refused) -> None:
    """Two subscriptions with one id are refused, and so is a name that gives none."""
    one = "{{name: '{}', subscribe: x, action: y}}"
    names = ", ".join(one.format(name) for name in ("Follow up", "follow-UP", "!!!"))
    error = refused(f"destinations: {{a: {{destination: d, subscriptions: [{names}]}}}}")
    assert [
        'destinations.a.subscriptions[1]: id "follow-up" is taken by "Follow up"',
        'destinations.a.subscriptions[2]: no id can be made from the name "!!!"',
    ] == [found.message for found in error.errors]


def test_duplicate_keys(refused: Refused) -> None:
    """A key that stands twice is refused, in YAML and in JSON."""
    for name in ("c.yaml", "c.json"):
        error = refused('{"destinations": {},\n"destinations": {}}', name)
        assert ('key "destinations" stands twice; the first is on line 1', 2) == (
            error.message,
            error.place.line,  # type: ignore[union-attr]
        )


def test_missing_references_are_named_and_values_are_not(refused: Refused, tmp_path: Path) -> None:
    """A reference that leads nowhere names the variable or the file; no value of the settings is shown."""
    (tmp_path / "big").write_text("x" * 70_000)
    (tmp_path / "raw").write_bytes(b"\xff")
    error = refused(
        "destinations:\n  a:\n    destination: d\n    settings:\n"
        "      a: hush${env:NOPE}\n      b: ${file:none}\n      c: ${file:big}\n      d: ${file:raw}\n"
    )
    assert [
        (5, 'settings.a: environment variable "NOPE" is not set'),
        (6, f'settings.b: file "{tmp_path}/none" cannot be read: No such file or directory'),
        (7, f'settings.c: file "{tmp_path}/big" is larger than 64 KB'),
        (8, f'settings.d: file "{tmp_path}/raw" is not UTF-8 text'),
    ] == [(one.place.line, one.message) for one in error.errors]  # type: ignore[union-attr]
    assert "hush" not in str(error)


def test_settings_are_never_quoted(refused: Refused) -> None:
    """What is wrong within settings is said without the value."""
    for settings in ("canary", "[canary]", "{pin: +1337}", "{pin: @canary}", "{a: 1, a: canary}"):
        text = str(refused(f"destinations: {{a: {{destination: d, settings: {settings}}}}}"))
        assert ("canary" in text, "1337" in text) == (False, False)


def test_settings_are_not_printed(load: Load) -> None:
    """The repr of a configuration holds nothing of the settings, literal or replaced."""
    config = load("destinations: {a: {destination: d, settings: {x: canary-1, y: '${env:Y}'}}}", Y="canary-2")
    assert "canary" not in repr(config)


def test_references_elsewhere_stay_text_with_a_warning(load: Load) -> None:
    """Outside settings a reference is plain text, and a warning says so with its place."""
    config = load(
        "destinations: {a: {destination: d, subscriptions: "
        "[{name: n, subscribe: x, action: y, mapping: {k: 'a ${env:HOME} b'}}]}}",
        HOME="/home",
    )
    assert {"k": "a ${env:HOME} b"} == config.destinations[0].subscriptions[0].mapping
    assert ["${env:HOME} stays as it is: references are replaced in settings, write keys and stores only"] == [
        warning.message for warning in config.warnings
    ]


BOMBS = {
    "deep lists": "a: " + "[" * 300_000,
    "billion laughs": "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)),
    "self reference": "a: &a [*a]",
    "python object": "destinations: {a: {destination: !!python/object/apply:os.system [true]}}",
    "merge of a text": "destinations: {<<: 5}",
    "two documents": "a: 1\n---\nb: 2",
    "nothing": "",
    "nul": "\0",
    "over a megabyte": "#" * 1_000_001,
    "not UTF-8": b"destinations: {\xff: 1}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS)
def test_hostile_text_is_refused(refused: Refused, text: str | bytes) -> None:
    """Bombs and foreign tags end in an error of configuration, soon and without harm."""
    assert refused(text).message


def test_deep_json_is_refused(refused: Refused) -> None:
    """JSON is bounded in depth too."""
    assert "deeper than 64" in refused("[" * 500 + "]" * 500, "c.json").message


def test_merge_keys_and_aliases(load: Load) -> None:
    """Shared settings can be written once: own keys win over merged ones."""
    config = load(
        "destinations:\n  a: {destination: d, settings: &s {x: 1, y: 2}}\n"
        "  b: {destination: d, settings: {<<: *s, y: 3}}\n  c: {destination: d, settings: *s}\n"
    )
    assert [{"x": 1, "y": 2}, {"x": 1, "y": 3}, {"x": 1, "y": 2}] == [one.settings for one in config.destinations]


def test_usual_slips_get_a_hint(refused: Refused) -> None:
    """A directive without quotes, a tab, and an unreadable file say what to do or what happened."""
    assert "put a text that begins with @ in quotes" == refused("m: {@path: x}").hint
    assert "indent with spaces; YAML does not take tabs" == refused("a:\n\tb: 1").hint
    with pytest.raises(ConfigurationError, match="No such file"):
        load_config("/no/such/file.yaml")


def test_python_values_are_checked_alike() -> None:
    """Plain dicts have the same keys, defaults and checks."""
    config = config_from_python("d", {"s": "${env:X}"}, [{"name": "My one", "subscribe": "x", "action": "y"}])
    assert ("d", {"s": "${env:X}"}, "my-one") == (
        config.destinations[0].name,
        config.destinations[0].settings,
        config.destinations[0].subscriptions[0].id,
    )
    with pytest.raises(ConfigurationError) as caught:
        config_from_python("d", {}, [{"name": "n", "subscrbe": "x", "action": "y"}], on_unknown="maybe")
    assert {'did you mean "subscribe"?', None} <= {one.hint for one in caught.value.errors}


def test_examples_of_the_schemas_are_valid() -> None:
    """Every schema of this project is a valid schema, and its examples keep to it."""
    from destination_actions.schemas import load_schema, schema_names
    from jsonschema import Draft202012Validator

    checked: list[Any] = []
    for name in schema_names():
        schema = load_schema(name)
        Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", ()):
            Draft202012Validator(schema).validate(example)
            checked.append(name)
    assert {"config", "event", "outcome"} <= set(checked)


@pytest.mark.parametrize("subscriptions", [5, [5], {"a": 1}, "text", [None]])
def test_subscriptions_of_another_form(subscriptions: Any) -> None:
    """What is no list of objects is a configuration error, not a Python one; None is nothing."""
    with pytest.raises(ConfigurationError):
        config_from_python("notes", {}, subscriptions)
    assert () == config_from_python("notes", None, None).destinations[0].subscriptions


@pytest.mark.parametrize("settings", [5, [], "text"])
def test_settings_of_another_form(settings: Any) -> None:
    """Settings that are no object are refused, empty ones too."""
    with pytest.raises(ConfigurationError, match="settings"):
        config_from_python("notes", settings)


def test_deadlines_have_room_in_the_claims(tmp_path: Path) -> None:
    """A destination's timeout may be as long as claims.send, and longer only when that is raised."""
    document = {"destinations": {"shop": {"destination": "notes", "timeout": 45}}}
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document))
    with pytest.raises(
        ConfigurationError, match=r"shop.timeout: 45 s is longer than any request may take \(10 s\)"
    ) as caught:
        load_config(path)
    assert "raise claims.send to 45" in str(caught.value)
    path.write_text(json.dumps(document | {"claims": {"send": 45}}))
    assert 45 == load_config(path).destinations[0].timeout
