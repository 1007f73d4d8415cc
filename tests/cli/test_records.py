"""The commands over the ledger, on a file that `run` has written: what they show, choose, replay and forget."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import Result
from destination_actions.cli.records import moment
from destination_actions.errors import ConfigurationError
from destination_actions.schemas import load_schema
from jsonschema import Draft202012Validator

Run = Callable[..., Result]
Line = Callable[..., str]
WRONG_FLOW = "FW0000000000000000000000000000000a"


@pytest.fixture
def kept(config: Path) -> Path:
    """The configuration with a store that lasts, and a second subscription whose flow does not exist."""
    document = json.loads(config.read_text())
    shop = document["destinations"]["shop"]
    [good] = shop["subscriptions"]
    bad = good | {"name": "Wrong flow", "mapping": good["mapping"] | {"flowSid": WRONG_FLOW, "coolingOffPeriod": 0}}
    shop["subscriptions"].append(bad)
    config.write_text(json.dumps(document | {"stores": "sqlite:state.db"}))
    return config


@pytest.fixture
def ran(kept: Path, destinations: Run, line: Line) -> Path:
    """The configuration after three events: delivered, suppressed and filtered; and two refused legs."""
    events = line("r1", "jane") + line("r2", "jane") + line("r3", "jane", "Other")
    assert 1 == destinations("run", kept, "-", "--concurrency", "1", stdin=events).exit_code
    return kept


def lines(result: Result) -> list[dict[str, Any]]:
    """Each line of JSON."""
    return [json.loads(text) for text in result.stdout.splitlines()]


def mended(config: Path) -> None:
    """Correct the flow of the second subscription."""
    document = json.loads(config.read_text())
    good, bad = document["destinations"]["shop"]["subscriptions"]
    bad["mapping"]["flowSid"] = good["mapping"]["flowSid"]
    config.write_text(json.dumps(document))


# --- status and log --------------------------------------------------------------------------------------------------


def test_status_counts_states(ran: Path, destinations: Run) -> None:
    """Every end is counted by state, subscription and reason; nothing waits; lanes go by their configured name."""
    result = destinations("status", ran, "--json")
    found = json.loads(result.stdout)
    expected = {"delivered": 1, "suppressed": 1, "rejected": 2, "filtered": 2}
    assert (0, expected) == (result.exit_code, {name: count for name, count in found["states"].items() if count})
    assert (0, None) == (found["pending"]["count"], found["pending"]["oldestSeconds"])
    assert all(lane["lane"].startswith("shop") for lane in found["lanes"])
    table = destinations("status", ran).stdout
    assert {"rejected", "refused", "cooldown", "nothing", "waiting"} <= set(table.split())


def test_status_shows_open_breakers(kept: Path, destinations: Run) -> None:
    """Whose breaker is open is said with why, since when, what the API answers, and when the next probe is."""
    import asyncio

    from destination_actions import AsyncRuntime
    from destination_actions.runtime.lanes import lane_key
    from destination_actions.runtime.notices import NoticeBoard
    from destination_actions.stores import SystemClock

    async def put_up() -> None:
        async with AsyncRuntime.from_config(kept, watchdog=None) as runtime:
            board = NoticeBoard(runtime.stores.tokens, SystemClock(), lane_key(runtime.plan.lanes[0]))
            await board.put_up("authentication", "the API answered 401", 30.0)

    assert [] == json.loads(destinations("status", kept, "--json").stdout)["breakers"]
    asyncio.run(put_up())
    [breaker] = json.loads(destinations("status", kept, "--json").stdout)["breakers"]
    assert ("shop", "authentication", "the API answered 401") == (breaker["lane"], breaker["why"], breaker["message"])
    assert 0 <= breaker["openForSeconds"] < 25
    assert 0 < breaker["probeIn"] <= 30
    shown = " ".join(destinations("status", kept).stdout.split())
    assert "shop: the breaker has been open for 0:00:" in shown
    assert "because its credentials are refused: the API answered 401" in shown


def test_status_shows_what_waits(kept: Path, destinations: Run, line: Line) -> None:
    """Events that were accepted and not delivered are shown with the age of the oldest."""
    import asyncio

    from destination_actions import AsyncRuntime

    async def accept() -> None:
        async with AsyncRuntime.from_config(kept, watchdog=None) as runtime:
            await runtime.enqueue([json.loads(line("w1", "jane")), json.loads(line("w2", "ravi"))])

    asyncio.run(accept())
    pending = json.loads(destinations("status", kept, "--json").stdout)["pending"]
    assert (4, True) == (pending["count"], pending["oldestSeconds"] >= 0)
    assert [("follow-up", 2), ("wrong-flow", 2)] == [
        (one["subscription"], one["count"]) for one in pending["subscriptions"]
    ]


def test_log_lists_and_chooses(ran: Path, destinations: Run) -> None:
    """The newest first, as a table or as lines that keep to their schema; by state, reason, user and time."""
    found = lines(destinations("log", ran, "--json"))
    validator = Draft202012Validator(load_schema("ledger"))
    for one in found:
        validator.validate(one)
    assert 4 == len(found)
    assert sorted((one["at"] for one in found), reverse=True) == [one["at"] for one in found]

    def chosen(*options: str) -> list[str]:
        return sorted(
            f"{one['messageId']} {one['state']}" for one in lines(destinations("log", ran, "--json", *options))
        )

    assert ["r1 rejected", "r2 rejected"] == chosen("--state", "rejected")
    assert ["r2 suppressed"] == chosen("--reason", "cooldown")
    assert [4, 0] == [len(chosen("--user", user)) for user in ("jane", "ravi")]
    assert [4, 0, 0] == [len(chosen(*one)) for one in (["--since", "1h"], ["--until", "1h"], ["--destination", "x"])]
    assert 1 == len(chosen("--limit", "1"))
    assert {"suppressed", "delivered"} <= set(destinations("log", ran, COLUMNS="120").stdout.split())


def test_times_are_read() -> None:
    """So long ago, or a date; anything else is an error that says how."""
    now = 1_700_000_000.0
    assert [now - 90, now - 7200, now - 86400] == [moment(text, now) for text in ("90s", "2h", "1d")]
    assert 1_772_352_000.0 == moment("2026-03-01T08:00Z", now) == moment("2026-03-01T08:00", now)
    with pytest.raises(ConfigurationError, match='"yesterday" is not a time'):
        moment("yesterday", now)


def test_stores_in_memory_have_nothing_to_show(config: Path, destinations: Run) -> None:
    """The commands say so, and what to do, instead of showing an empty ledger."""
    for command in (["status"], ["log"], ["dead", "list"], ["dead", "replay"], ["forget"]):
        options = {"replay": ["--all"], "forget": ["--user", "jane"]}.get(command[-1], [])
        result = destinations(*command, config, *options)
        assert (2, True) == (result.exit_code, "keep no records" in result.stderr), command


# --- dead ------------------------------------------------------------------------------------------------------------


def test_dead_list_and_show(ran: Path, destinations: Run) -> None:
    """Failed deliveries with their reasons; one of them in full, its event only when asked for."""
    result = destinations("dead", "list", ran, "--json")
    assert [("r1", "refused"), ("r2", "refused")] == [(one["messageId"], one["reason"]) for one in lines(result)]
    key = lines(result)[0]["key"]
    shown = json.loads(destinations("dead", "show", ran, key[:10]).stdout)
    [exchange] = shown["tries"][0]["exchanges"]
    assert (404, True, False) == (exchange["status"], WRONG_FLOW in exchange["url"], "event" in shown)
    shown = json.loads(destinations("dead", "show", ran, key, "--event").stdout)
    assert "jane" == shown["event"]["userId"]
    assert "2 refused" in destinations("dead", "list", ran).stderr


def test_an_id_that_names_nothing_or_several(ran: Path, destinations: Run) -> None:
    """Says so, and what to do."""
    for beginning, hint in (("xyz", "dead list"), ("", "more of its digits")):
        result = destinations("dead", "show", ran, beginning)
        assert (2, True) == (result.exit_code, hint in result.stderr)


def test_replay_under_the_mended_configuration(ran: Path, destinations: Run) -> None:
    """The difference comes first; then the failed legs alone are delivered, and nothing is left."""
    mended(ran)
    dry = destinations("dead", "replay", ran, "--all", "--dry-run")
    assert (0, True, "") == (dry.exit_code, "mapping.flowSid changed" in dry.stderr, dry.stdout)
    result = destinations("dead", "replay", ran, "--reason", "refused", "--json", "--rate", "100")
    assert 0 == result.exit_code, result.output
    assert [("r1", "delivered"), ("r2", "delivered")] == sorted((o["messageId"], o["outcome"]) for o in lines(result))
    assert "2 with the configuration changed since:\n  mapping.flowSid changed\n" in result.stderr
    assert [] == lines(destinations("dead", "list", ran, "--json"))
    assert "nothing to replay" in destinations("dead", "replay", ran, "--all").stdout
    generations = {(one["generation"], one["replayed"]) for one in lines(destinations("log", ran, "--json"))}
    assert {(0, False), (0, True), (1, False)} == generations


def test_replay_of_the_original(ran: Path, destinations: Run) -> None:
    """Under the configuration of then it goes, and is refused again; under another it does not go, and says why."""
    [first, _] = [one["key"] for one in lines(destinations("dead", "list", ran, "--json"))]
    again = destinations("dead", "replay", ran, first[:12], "--original", "--json")
    assert (1, ["rejected"]) == (again.exit_code, [one["outcome"] for one in lines(again)])
    mended(ran)
    refused = destinations("dead", "replay", ran, "--all", "--original")
    assert 1 == refused.exit_code
    assert "2 not replayed: the configuration is not the original (mapping.flowSid changed)" in refused.stderr


def test_replay_wants_to_know_what(ran: Path, destinations: Run) -> None:
    """Without a choice nothing is replayed; a state that is none of a failed delivery is an error."""
    for options in ([], ["--state", "delivered"]):
        assert 2 == destinations("dead", "replay", ran, *options).exit_code


# --- forget ----------------------------------------------------------------------------------------------------------


def test_forget_removes_a_person(ran: Path, destinations: Run) -> None:
    """Queue, dead deliveries and ledger have nothing of the person afterwards; the tallies stay."""
    result = destinations("forget", ran, "--user", "jane")
    assert (0, "4 entries") == (result.exit_code, "4 entries" if "4 entries" in result.stdout else result.stdout)
    assert [] == lines(destinations("log", ran, "--json"))
    assert 2 == json.loads(destinations("status", ran, "--json").stdout)["states"]["rejected"]
    assert b'"userId":"jane"' not in b"".join(
        path.read_bytes() for path in ran.parent.iterdir() if "state.db" in path.name
    )


# --- what is never shown ---------------------------------------------------------------------------------------------


def test_no_secret_and_no_number_is_printed(ran: Path, destinations: Run, sandbox_settings: dict[str, Any]) -> None:
    """Neither credentials nor whole phone numbers stand in what the commands print, in any form."""
    [first, _] = [one["key"] for one in lines(destinations("dead", "list", ran, "--json"))]
    commands: list[list[Any]] = [["status", ran], ["log", ran], ["log", ran, "--json"], ["dead", "list", ran]]
    commands += [["dead", "show", ran, first, "--event"], ["dead", "replay", ran, "--all", "--json"]]
    printed = "".join(destinations(*command).output for command in commands)
    files = b"".join(path.read_bytes() for path in ran.parent.iterdir() if "state.db" in path.name)
    secrets = [sandbox_settings["authToken"], sandbox_settings["profileApiAccessToken"], "+15550009000"]
    for secret in secrets:
        basic = base64.b64encode(secret.encode()).decode()[:-2]
        for form in (secret, quote(secret, safe=""), basic):
            assert (False, False) == (form in printed, form.encode() in files), form


def test_a_record_stays_a_line(kept: Path, destinations: Run) -> None:
    """Line breaks, terminal codes and separators, wherever they come from, are escaped in every form of output."""
    import asyncio

    from destination_actions.stores import open_stores
    from destination_actions.testing import ManualClock
    from destination_actions.testing._ledger_suite import LedgerTrial

    nasty = "a\u2028b\u0085c\x1b[31md\ne"

    async def record() -> None:
        stores = open_stores(f"sqlite:{kept.parent}/state.db")
        trial = LedgerTrial(stores.ledger, ManualClock())
        details = {"message": nasty}
        await trial.put(trial.entry("k", "rejected", message_id=nasty, reason=nasty, details=details))
        await stores.close()

    asyncio.run(record())
    assert [nasty] == [one["messageId"] for one in lines(destinations("log", kept, "--json"))]
    for command in (["log"], ["dead", "list"]):
        table = destinations(*command, kept, COLUMNS="200").stdout
        assert set() == {"\u2028", "\u0085", "\x1b"} & set(table)
