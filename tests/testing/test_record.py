"""Recording: what is written runs green, says what was recorded, and holds nothing that is personal or secret."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import record_planted
import yaml
from destination_actions.errors import ConfigurationError
from destination_actions.testing.cases import load_cases, run_case
from destination_actions.testing.recording import Answered, Leak, Redaction, Sample, chosen
from destination_actions.testing.recording.detectors import hits
from destination_actions.testing.recording.pseudonyms import MAKERS, Pseudonyms
from destination_actions.testing.recording.tags import tag_of
from destination_actions.testing.recording.write import check_clean
from hypothesis import given
from hypothesis import strategies as st
from planted import Garden, left_in

# --- detectors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("call +1 (415) 555-2671 now", "phone"),
        ("415.555.2671", "phone"),
        ("0044 20 7946 0958", "phone"),
        ("jane.doe@acme.co.uk", "email"),
        ("84.22.1.7", "ip"),
        ("2a02:8070:a1::17", "ip"),
        ("4111 1111 1111 1111", "card"),
        ("DE89370400440532013000", "iban"),
        ("550e8400-e29b-41d4-a716-446655440000", "uuid"),
        ("AC1f2e3d4c5b6a79880f1e2d3c4b5a6978", "token"),
        ("sk_live_4eC39HqLyjWDarjtT1zdp7dc", "token"),
        ("https://user:hunter2@host.io/", "password"),
        ("/callback?code=abc1", "token"),
        ("Bearer abcdefghij", "token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE", "key"),
        ("3d:f2:c9:a6:b3:4f", "hardware"),
    ],
)
def test_what_is_found(text: str, kind: str) -> None:
    """Personal and secret values of many forms."""
    assert [kind] == [hit.kind for hit in hits(text)]


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-02T09:30:00Z", "2026-03-02 09:30", "09:30:00", "42.5", "1.2.3", "o-1001", "Order Completed"),
        *("triggerStudioFlow", "application/x-www-form-urlencoded", "$.properties.order_id", "127.0.0.1"),
        *("someone@example.com", "+12005550101", "FW00000000000000000000000000000005"),
        "https://profiles.segment.com/v1/spaces/space-1/collections/users",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    """Moments, amounts, names of things, and what is reserved for examples."""
    assert [] == hits(text)


ORIGINALS = ["+1", "x", "a:b", "AC" + "a" * 32, "sk_live_" + "b" * 20, "c" * 32, ""]
KINDS = st.sampled_from(["phone", "email", "token", "ip", "name", "card"])


@given(st.sampled_from(sorted(MAKERS)), st.integers(1, 50_000), st.sampled_from(ORIGINALS))
def test_no_detector_finds_a_pseudonym(kind: str, number: int, original: str) -> None:
    """So what a detector finds in a written file is real."""
    assert [] == hits(MAKERS[kind](number, original))


@given(st.lists(st.tuples(KINDS, st.text(min_size=1)), max_size=30))
def test_pseudonyms_are_consistent(values: list[tuple[str, str]]) -> None:
    """One value has one pseudonym; two values that are written differently do not share one."""
    pseudonyms = Pseudonyms()
    first = [pseudonyms.of(kind, value) for kind, value in values]
    assert first == [pseudonyms.of(kind, value) for kind, value in values]
    mail = {value.lower() for kind, value in values if kind == "email"}
    assert len(mail) == len({pseudonyms.of("email", value) for value in mail})


def test_spellings_of_a_phone_number_are_one_number() -> None:
    """A number is recognised without its blanks and brackets."""
    pseudonyms = Pseudonyms()
    assert pseudonyms.of("phone", "+1 (415) 555-2671") == pseudonyms.of("phone", "+14155552671")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("userId",), "user"),
        (("context", "traits", "firstName"), "name"),
        (("traits", "name"), "name"),
        (("properties", "billing_phone"), "phone"),
        (("properties", "stripe_api_key"), "secret"),
        (("traits", "address", "region"), "place"),
        (("context", "app", "name"), None),
        (("properties", "product", "name"), None),
    ],
)
def test_names_of_members_tell(path: tuple[str, ...], kind: str | None) -> None:
    """However they are written; the name of a product is nobody's."""
    assert kind == tag_of(path)


# --- redaction -------------------------------------------------------------------------------------------------------


def redacted(*values: Any, tagged: tuple[tuple[str, ...], ...] = ()) -> list[Any]:
    """Values after one redaction that has seen all of them."""
    redaction = Redaction(tagged)
    for value in values:
        redaction.learn(value)
    return [redaction.json(value) for value in values]


def test_the_same_person_is_the_same_everywhere() -> None:
    """In events and answers, in texts, keys, JSON within texts, addresses, and without a hint but the value itself."""
    event = {"userId": "jane-doe-7", "traits": {"firstName": "Janette", "email": "Jane@Acme.io"}}
    answer = {"greeting": "Hello Janette", "jane-doe-7": 1, "raw": '{"mail":"jane@acme.io"}', "to": "m=jane%40acme.io"}
    first, second = redacted(event, answer)
    person, name, mail = first["userId"], first["traits"]["firstName"], first["traits"]["email"]
    assert [f"Hello {name}", f'{{"mail":"{mail}"}}', f"m={mail}"] == [second[key] for key in ("greeting", "raw", "to")]
    assert person in second
    assert not {"Janette", "jane-doe-7"} & set(json.dumps([first, second]).replace('"', " ").split())


def test_types_and_forms_stay() -> None:
    """Numbers stay numbers, a SID keeps its beginning and length, a text of many words goes as a whole."""
    [found] = redacted(
        {"phone": 14155552671, "sid": "CA" + "1f" * 16, "note": "he said that it was too late", "n": 7, "ok": True}
    )
    assert (int, 34, "CA") == (type(found["phone"]), len(found["sid"]), found["sid"][:2])
    assert ("text-1", 7, True) == (found["note"], found["n"], found["ok"])


def test_fields_that_are_declared_private_are_tags() -> None:
    """The event's value behind such a field is redacted, whatever its name."""
    [found] = redacted({"properties": {"nick": "zed"}}, tagged=(("properties", "nick"),))
    assert "zed" not in json.dumps(found)


def test_words_of_the_event_are_nobodys_name() -> None:
    """A person called Order does not take the word out of every event."""
    redaction = Redaction()
    event = {"event": "Order Completed", "traits": {"lastName": "Order"}}
    redaction.learn_all([sample(event)])
    found = redaction.json(event)
    assert ("Order Completed", False) == (found["event"], found["traits"]["lastName"] == "Order")


def test_a_leak_is_refused_and_not_shown() -> None:
    """The error says where, and of what kind; nothing of the value."""
    with pytest.raises(Leak) as caught:
        check_clean(yaml.safe_dump({"cases": [{"name": "for jane@acme.io"}]}), Redaction())
    assert "cases[0].name: an e-mail address of 12 characters" in caught.value.message
    assert "jane" not in str(caught.value)


def test_a_value_that_was_to_be_replaced_is_refused_too() -> None:
    """Even where no detector sees it: it was known from its place elsewhere."""
    redaction = Redaction()
    redaction.learn({"password": "correct-horse"})
    with pytest.raises(Leak, match="a value of 13 characters"):
        check_clean("cases: [{name: correct-horse}]", redaction)


# --- samples ---------------------------------------------------------------------------------------------------------


def sample(event: dict[str, Any], **changes: Any) -> Sample:
    """A delivered sample."""
    parts: dict[str, Any] = {"destination": "d", "subscription": "s", "event": event, "at": 0.0}
    return Sample(**parts | {"outcome": {"outcome": "delivered"}} | changes)


def test_one_of_each_shape_is_chosen() -> None:
    """The form of the event, how it ended and what was answered make a shape; values do not."""
    refused = {"outcome": "rejected", "reason": "refused"}
    busy = (Answered(method="POST", url="https://x.test/", status=503),)
    samples = [
        sample({"a": 1}),
        sample({"a": 2}),
        sample({"a": "1"}),
        sample({"a": [1]}),
        sample({"a": [1, 2]}),
        sample({"a": 1}, outcome=refused),
        sample({"a": 1}, exchanges=busy),
        sample({"a": 1}, subscription="t"),
    ]
    selection = chosen(samples, 100)
    assert (6, 8) == (selection.shapes, selection.deliveries)
    assert [samples[at] for at in (0, 2, 3, 5, 6, 7)] == list(selection.samples)


def test_under_a_limit_those_come_first_that_add_most() -> None:
    """Three shapes of three parts, each new, beat the many that differ in one."""
    plain = [sample({f"x{number}": 1}) for number in range(50)]
    rich = [sample({f"{name}{part}": 1 for part in range(9)}) for name in "abc"]
    assert rich == list(chosen([*plain, *rich], 3).samples)


# --- the command -----------------------------------------------------------------------------------------------------


def test_planted_values_are_not_in_the_files(tmp_path: Path) -> None:
    """Six hundred in a live run, and as many from a ledger; every case that was written passes."""
    for from_ledger in (False, True):
        folder = tmp_path / str(from_ledger)
        planted, text, cases = record_planted.recorded(folder, 600, 7, from_ledger=from_ledger)
        assert (600, 12, []) == (len(planted), cases, left_in(text, planted))


def test_the_garden_would_be_found() -> None:
    """The test above can fail: what is planted is in the events, in a spelling that it looks for."""
    garden = Garden(3)
    text = json.dumps([garden.event(number, 50) for number in range(10)], ensure_ascii=False)
    assert 500 == len(left_in(text, garden.planted))


@pytest.fixture
def traffic(tmp_path: Path) -> Callable[..., Path]:
    """Make a configuration of a webhook, and events beside it."""

    def make(url: str, **changes: Any) -> Path:
        orders = {"name": "Orders", "subscribe": 'type = "track"', "action": "send", "mapping": {"url": url}} | changes
        settings = {"allowNetworks": ["127.0.0.0/8"]}
        hooks = {"hooks": {"destination": "webhook", "settings": settings, "subscriptions": [orders]}}
        document = {"destinations": hooks, "stores": "sqlite:state.db"}
        (tmp_path / "destinations.json").write_text(json.dumps(document))
        events = [{"type": kind, "userId": "jane-doe", "messageId": f"m-{kind}"} for kind in ("track", "page", "track")]
        (tmp_path / "events.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events))
        return tmp_path / "destinations.json"

    return make


def test_a_live_run(traffic: Callable[..., Path], destinations, tmp_path: Path) -> None:
    """What was delivered, filtered and repeated becomes a case each; they pass, and fail when the mapping changes."""
    with record_planted.echo() as url:
        result = destinations("record", traffic(url), tmp_path / "events.ndjson", "--out", tmp_path / "out")
    assert 0 == result.exit_code, result.output
    assert "3 cases for 3 shapes of 3 deliveries" in result.stdout
    [file] = (tmp_path / "out").iterdir()
    cases = load_cases(file)
    assert [True] * 3 == [run_case(case).ok for case in cases]
    assert "jane-doe" not in file.read_text()
    file.write_text(file.read_text().replace("mapping:\n", "mapping:\n          method: PUT\n", 1))
    assert [False, True, False] == [run_case(case).ok for case in load_cases(file)]


def test_files_that_are_there_stay(traffic: Callable[..., Path], destinations, tmp_path: Path) -> None:
    """Unless --force says otherwise."""
    with record_planted.echo() as url:
        arguments = ("record", traffic(url), tmp_path / "events.ndjson", "--out", tmp_path / "out")
        codes = [destinations(*arguments).exit_code, destinations(*arguments).exit_code]
        codes.append(destinations(*arguments, "--force").exit_code)
    assert [0, 2, 0] == codes


def test_a_configuration_that_names_a_person_is_refused(
    traffic: Callable[..., Path], destinations, tmp_path: Path
) -> None:
    """A name in the configuration would be written as it is; nothing is written then."""
    with record_planted.echo() as url:
        config = traffic(url, name="For Jane", id="for-415-555-2671")
        result = destinations("record", config, tmp_path / "events.ndjson", "--out", tmp_path / "out")
    assert (2, False) == (result.exit_code, (tmp_path / "out").exists())
    assert "nothing was written: detectors still find something" in result.stderr
    assert "555-2671" not in result.output


def test_a_ledger_without_events_says_how_to_keep_them(
    traffic: Callable[..., Path], destinations, tmp_path: Path
) -> None:
    """Delivered events are not kept unless the configuration says so: nothing to record, exit 1."""
    with record_planted.echo() as url:
        config = traffic(url)
        destinations("run", config, tmp_path / "events.ndjson")
    result = destinations("record", config, "--out", tmp_path / "out")
    assert (1, True) == (result.exit_code, "deliveredEvents: true" in result.stderr)


def test_stores_in_memory_have_nothing_to_record(traffic: Callable[..., Path], destinations, tmp_path: Path) -> None:
    """A usage error that says what to do."""
    config = traffic("http://127.0.0.1:9/")
    config.write_text(config.read_text().replace("sqlite:state.db", "memory:"))
    assert 2 == destinations("record", config, "--out", tmp_path / "out").exit_code


def test_the_error_is_a_configuration_error() -> None:
    """So that commands print it as they print others."""
    assert issubclass(Leak, ConfigurationError)
