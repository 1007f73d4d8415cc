"""Backtest: what two configurations would do with the same events, told apart by requests and not by configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ACCOUNT = "AC00000000000000000000000000000000"
SETTINGS = {
    "accountSid": "${env:BACKTEST_ACCOUNT_SID}",
    "authToken": "${env:BACKTEST_AUTH_TOKEN}",
    "spaceId": "space",
    "profileApiAccessToken": "a-literal-secret",
}
ORDERS: dict[str, Any] = {
    "name": "Orders",
    "subscribe": 'type = "track" and event = "Order Completed"',
    "action": "triggerStudioFlow",
    "mapping": {
        "flowSid": "FW00000000000000000000000000000005",
        "from": "+15550009000",
        "coolingOffPeriod": 300,
        "parameters": {"order": {"@path": "$.properties.order_id"}, "plan": "a"},
    },
}


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., Path]:
    """Write a configuration: `config("b", mapping={"coolingOffPeriod": 0})` changes parts of the subscription."""

    def write(name: str, *more: dict[str, Any], mapping: dict[str, Any] | None = None, **changes: Any) -> Path:
        orders = {**ORDERS, **changes, "mapping": ORDERS["mapping"] | (mapping or {})}
        shop = {"destination": "twilio-studio", "settings": SETTINGS, "subscriptions": [orders, *more]}
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"destinations": {"shop": shop}, "stores": "sqlite:never-made.db"}))
        return path

    return write


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Three orders of jane within ten minutes, one of ravi, a refund, an order of nobody, and the first one again."""
    rows = [
        ("m1", "Order Completed", "jane", "09:00"),
        ("m2", "Order Completed", "jane", "09:04"),
        ("m3", "Order Completed", "jane", "09:09"),
        ("m4", "Order Completed", "ravi", "09:09"),
        ("m5", "Order Refunded", "tom", "09:10"),
        ("m6", "Order Completed", None, "09:11"),
        ("m1", "Order Completed", "jane", "10:00"),
    ]
    lines = [
        {"type": "track", "messageId": message, "event": event, "timestamp": f"2026-03-02T{time}:00Z"}
        | ({"userId": user} if user else {})
        | {"properties": {"order_id": f"o-{message}", "total": 42.5, "mail": f"{user}@acme.io"}}
        for message, event, user, time in rows
    ]
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.fixture
def compared(config: Callable[..., Path], events: Path, destinations) -> Callable[..., Any]:
    """Run the backtest of the configuration against a changed one; gives the exit code and the report of `Orders`."""

    def run(*more: dict[str, Any], code: int = 1, **changes: Any) -> dict[str, Any]:
        result = destinations(
            "backtest", events, "--before", config("a"), "--after", config("b", *more, **changes), "--json"
        )
        assert code == result.exit_code, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    return run


def moved(report: dict[str, Any]) -> dict[tuple[str, str], tuple[int, list[str]]]:
    """What moved in the first subscription."""
    rows = report["subscriptions"][0]["moved"]
    return {(row["before"], row["after"]): (row["count"], row["examples"]) for row in rows}


def test_no_difference(compared: Callable[..., Any]) -> None:
    """Exit 0; windows and repetitions are counted as they come."""
    report = compared(code=0)
    counts = {"filtered": 1, "fires": 3, "invalid": 1, "repeated": 1, "suppressed": 1}
    [orders] = report["subscriptions"]
    assert (7, False, counts, counts) == (report["events"], report["differs"], orders["before"], orders["after"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"subscribe": 'type = "track"'}, {("filtered", "fires"): (1, ["m5"])}),
        ({"subscribe": 'event = "Order Refunded"'}, {("filtered", "fires"): (1, ["m5"])}),
        ({"mapping": {"coolingOffPeriod": 600}}, {("fires", "suppressed"): (1, ["m3"])}),
        ({"mapping": {"coolingOffPeriod": 10}}, {("suppressed", "fires"): (1, ["m2"])}),
        ({"mapping": {"from": {"@path": "$.userId"}}}, {("fires", "invalid"): (3, ["m1", "m3", "m4"])}),
        ({"mapping": {"userId": "somebody"}}, {("invalid", "suppressed"): (1, ["m6"])}),
        ({"enabled": False}, {("fires", "absent"): (3, ["m1", "m3", "m4"])}),
    ],
)
def test_what_moves(compared: Callable[..., Any], changes: dict[str, Any], expected: dict[Any, Any]) -> None:
    """Newly fired, newly suppressed, newly filtered, newly invalid, gone: each with the events that show it."""
    found = moved(compared(**changes))
    assert expected == {key: found.get(key) for key in expected}, found


def test_changed_fields_by_path(compared: Callable[..., Any]) -> None:
    """Requests are compared, also inside of JSON in a form; added, removed and changed fields are told apart."""
    parameters = {"order": {"@path": "$.properties.total"}, "extra": ["x"]}
    [orders] = compared(mapping={"parameters": parameters})["subscriptions"]
    where = "POST studio.twilio.com form.Parameters.parameters."
    expected = {
        f"{where}order": ("m1", "o-m1", 42.5, 0, 0),
        f"{where}plan": ("m1", "a", None, 0, 3),
        f"{where}extra[]": ("m1", None, "x", 3, 0),
    }
    found = {}
    for row in orders["paths"]:
        example = [row["example"].get(key) for key in ("messageId", "before", "after")]
        found[row["path"]] = (*example, row["added"], row["removed"])
    assert (3, expected) == (orders["changed"], found)


def test_a_reformulation_is_no_difference(compared: Callable[..., Any]) -> None:
    """Configurations may look different: only what would be sent counts."""
    parameters = {"order": {"@coalesce": [{"@path": "$.properties.order_id"}, "none"]}, "plan": {"@literal": "a"}}
    compared(code=0, subscribe='event = "Order Completed" and type = "track"', mapping={"parameters": parameters})


def test_one_and_true_are_not_the_same(
    compared: Callable[..., Any], config: Callable[..., Path], events: Path, destinations
) -> None:
    """A value that changes its type is a change."""
    one, true = (config(name, mapping={"parameters": {"x": value}}) for name, value in (("c", 1), ("d", True)))
    assert 1 == destinations("backtest", events, "--before", one, "--after", true).exit_code


def test_a_new_subscription_fires(compared: Callable[..., Any]) -> None:
    """What only the second configuration has was absent before."""
    refunds = {**ORDERS, "name": "Refunds", "subscribe": 'event = "Order Refunded"'}
    report = compared(refunds)
    assert ["orders", "refunds"] == [row["subscription"] for row in report["subscriptions"]]
    rows = report["subscriptions"][1]["moved"]
    assert [(1, ["m5"])] == [(row["count"], row["examples"]) for row in rows if row["after"] == "fires"]


def test_settings_that_change_requests_are_seen(
    config: Callable[..., Path], events: Path, destinations, tmp_path: Path
) -> None:
    """The same payload goes to another address: the host is in the path."""
    after = config("b")
    after.write_text(after.read_text().replace('"spaceId": "space"', '"spaceId": "space", "edge": "dublin"'))
    result = destinations("backtest", events, "--before", config("a"), "--after", after)
    assert (1, True) == (result.exit_code, "studio.dublin.us1.twilio.com" in result.stdout)


@pytest.mark.parametrize("form", ["--json", "--markdown", ""])
def test_the_same_inputs_give_the_same_bytes(
    config: Callable[..., Path], events: Path, destinations, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    """Whatever the environment holds."""
    arguments = ["backtest", events, "--before", config("a"), "--after", config("b", mapping={"parameters": None})]
    arguments += [form] if form else []
    first = destinations(*arguments)
    monkeypatch.setenv("BACKTEST_AUTH_TOKEN", "from-the-environment")
    second = destinations(*arguments)
    assert 1 == first.exit_code
    assert first.stdout_bytes == second.stdout_bytes


def test_markdown(config: Callable[..., Path], events: Path, destinations) -> None:
    """Tables for a pull request; what would break them is escaped, what detectors find is masked."""
    parameters = {"mail": {"@path": "$.properties.mail"}, "plan": "a|b<c>"}
    after = config("b", mapping={"parameters": parameters})
    text = destinations("backtest", events, "--before", config("a"), "--after", after, "--markdown").stdout
    rows = [line for line in text.splitlines() if line.startswith("| shop/orders")]
    assert r'| "a" | "a\|b&lt;c>" |' in text
    assert (3, True, False) == (len(rows), '"[email]"' in text, "acme" in text)


def test_the_table(config: Callable[..., Path], events: Path, destinations) -> None:
    """A row for each subscription, then what differs, in sentences."""
    after = config("b", subscribe='type = "track"')
    lines = destinations("backtest", events, "--before", config("a"), "--after", after).stdout.splitlines()
    assert "shop/orders: 1 filtered before, fire now (m5)" in lines
    assert "7 events, some come out otherwise" == lines[-1]


def test_secrets_of_the_configuration_are_not_shown(config: Callable[..., Path], events: Path, destinations) -> None:
    """Not even when a mapping sends one."""
    after = config("b", mapping={"parameters": {"x": "a-literal-secret"}})
    result = destinations("backtest", events, "--before", config("a"), "--after", after, "--json")
    assert (1, False) == (result.exit_code, "a-literal-secret" in result.output)


def test_errors(config: Callable[..., Path], events: Path, destinations, tmp_path: Path) -> None:
    """Exit 2: a configuration that is wrong, with its place; two forms at once; input that is no event; no file."""
    good = config("a")
    bad = tmp_path / "bad.json"
    bad.write_text(good.read_text().replace('"order"', '"@paht": 1, "order"'))
    wrong = destinations("backtest", events, "--before", good, "--after", bad)
    assert (2, True) == (wrong.exit_code, f"{bad}:1:" in wrong.stderr)
    both = destinations("backtest", events, "--before", good, "--after", good, "--json", "--markdown")
    none = destinations("backtest", tmp_path / "none", "--before", good, "--after", good)
    events.write_text(events.read_text() + "{not json\n")
    odd = destinations("backtest", events, "--before", good, "--after", good)
    assert [2, 2, 2] == [result.exit_code for result in (both, none, odd)]


def test_nothing_is_kept(compared: Callable[..., Any], tmp_path: Path) -> None:
    """The stores of the configurations are not opened."""
    compared(code=0)
    assert [] == list(tmp_path.glob("*.db"))
