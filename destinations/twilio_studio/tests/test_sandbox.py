"""The sandbox behaves as Twilio and Segment document their APIs, and fails as it is told."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from destination_actions_twilio_studio.sandbox import DEMO, FAULTS, Fault, Sandbox, replying

FLOW = "FW00000000000000000000000000000005"
PATH = f"/v2/Flows/{FLOW}/Executions"
AUTH = (DEMO.account_sid, DEMO.auth_token)
FORM = {"To": "+15550001001", "From": "+15551234567", "Parameters": '{"a": 1}'}
PROFILE = "/v1/spaces/spa_sandbox/collections/users/profiles/user_id:jane/external_ids"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client of its own, independent of the framework."""
    async with httpx.AsyncClient(timeout=5) as client:
        yield client


def studio(sandbox: Sandbox, path: str = PATH) -> str:
    """An address of the Studio port."""
    return sandbox.settings["baseUrl"] + path


def profiles(sandbox: Sandbox, path: str = PROFILE) -> str:
    """An address of the Profile API port."""
    return sandbox.settings["profileBaseUrl"] + path


async def test_a_new_execution(sandbox, http) -> None:
    """201 with the documented members, and the parameters in its context."""
    made = await http.post(studio(sandbox), data=FORM, auth=AUTH)
    assert 201 == made.status_code
    body = made.json()
    assert {"status": "active", "flow_sid": FLOW, "contact_channel_address": "+15550001001"}.items() <= body.items()
    context = await http.get(body["links"]["execution_context"], auth=AUTH)
    assert {"a": 1} == context.json()["context"]["flow"]["data"]
    assert [body["sid"]] == [one.sid for one in sandbox.executions]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({**FORM, "To": ""}, 400, 20001),
        ({"To": "+15550001001"}, 400, 20001),
        ({**FORM, "From": FORM["To"]}, 400, 21211),
        ({**FORM, "Parameters": "[1]"}, 400, 20001),
        ({**FORM, "Parameters": "{bad"}, 400, 20001),
    ],
)
async def test_validation(sandbox, http, form, status, code) -> None:
    """What is missing or wrong is refused with Twilio's code, and nothing is executed."""
    answer = await http.post(studio(sandbox), data=form, auth=AUTH)
    assert (status, code) == (answer.status_code, answer.json()["code"])
    assert [] == sandbox.executions


@pytest.mark.parametrize(
    ("auth", "status"),
    [
        (None, 401),
        ((DEMO.account_sid, "wrong"), 401),
        (("SK00000000000000000000000000000000", "sandbox-key-secret"), 201),
        ((DEMO.profile_token, ""), 401),
    ],
)
async def test_credentials(sandbox, http, auth, status) -> None:
    """The auth token or an API key with its secret opens Studio; nothing else does."""
    assert status == (await http.post(studio(sandbox), data=FORM, auth=auth)).status_code


@pytest.mark.parametrize("sid", ["FW00000000000000000000000000000009", "FW" + "f" * 32, "..%2F..%2Fx"])
async def test_a_flow_that_cannot_start(sandbox, http, sid) -> None:
    """A draft, an unknown flow, and a path that leads elsewhere: 404 with 20404."""
    answer = await http.post(studio(sandbox, f"/v2/Flows/{sid}/Executions"), data=FORM, auth=AUTH)
    assert (404, 20404) == (answer.status_code, answer.json()["code"])


async def test_twenty_a_second(sandbox, http, clock) -> None:
    """The 21st new execution within a second gets 429 with 20429; a second later it goes."""
    answers = [await http.post(studio(sandbox), data=FORM, auth=AUTH) for _ in range(21)]
    assert [201] * 20 + [429] == [answer.status_code for answer in answers]
    assert (20429, "1") == (answers[-1].json()["code"], answers[-1].headers["retry-after"])
    clock.advance(1.001)
    assert 201 == (await http.post(studio(sandbox), data=FORM, auth=AUTH)).status_code


async def test_one_active_execution(open_sandbox, http, clock) -> None:
    """With the switch on, a second execution for a contact is refused until the first has ended."""
    sandbox = await open_sandbox(one_active=True, execution_seconds=None)
    first = await http.post(studio(sandbox), data=FORM, auth=AUTH)
    busy = await http.post(studio(sandbox), data=FORM, auth=AUTH)
    assert (409, 20409) == (busy.status_code, busy.json()["code"])
    assert 201 == (await http.post(studio(sandbox), data={**FORM, "To": "+15550001002"}, auth=AUTH)).status_code
    ended = await http.post(first.json()["url"], data={"Status": "ended"}, auth=AUTH)
    assert "ended" == ended.json()["status"]
    assert 201 == (await http.post(studio(sandbox), data=FORM, auth=AUTH)).status_code


async def test_the_list(open_sandbox, http, clock) -> None:
    """Newest first, filtered by date and status, in pages that lead to each other."""
    sandbox = await open_sandbox(execution_seconds=10)
    for _ in range(5):
        await http.post(studio(sandbox), data=FORM, auth=AUTH)
        clock.advance(60)
    since = {"DateCreatedFrom": "2023-11-14T22:15:00Z", "PageSize": "2"}
    page = (await http.get(studio(sandbox), params=since, auth=AUTH)).json()
    second = (await http.get(page["meta"]["next_page_url"], auth=AUTH)).json()
    sids = [one["sid"][-1] for one in page["executions"] + second["executions"]]
    assert (["5", "4", "3"], None) == (sids, second["meta"]["next_page_url"])
    assert {"ended"} == {one["status"] for one in page["executions"]}
    active = await http.get(studio(sandbox), params={"Status": "active"}, auth=AUTH)
    assert [] == active.json()["executions"]


async def test_a_late_list(open_sandbox, http, clock) -> None:
    """An execution can take a while to show in the list."""
    sandbox = await open_sandbox(visible_after=2.0)
    await http.post(studio(sandbox), data=FORM, auth=AUTH)
    assert [] == (await http.get(studio(sandbox), auth=AUTH)).json()["executions"]
    clock.advance(2.0)
    assert 1 == len((await http.get(studio(sandbox), auth=AUTH)).json()["executions"])


async def test_flows(sandbox, http) -> None:
    """The account's flows, as many as asked for."""
    answer = await http.get(studio(sandbox, "/v2/Flows?PageSize=1"), auth=AUTH)
    assert ["FW00000000000000000000000000000001"] == [flow["sid"] for flow in answer.json()["flows"]]


async def test_profile_pages(sandbox, http) -> None:
    """External ids come in pages; the cursor leads on and has an end."""
    auth = (DEMO.profile_token, "")
    first = (await http.get(profiles(sandbox), params={"limit": 1}, auth=auth)).json()
    second = (await http.get(profiles(sandbox), params={"limit": 1, "next": first["cursor"]["next"]}, auth=auth)).json()
    assert ["+15550009999", "+15550001001"] == [one["id"] for one in first["data"] + second["data"]]
    assert [True, False] == [first["cursor"]["has_more"], second["cursor"]["has_more"]]


@pytest.mark.parametrize(
    ("path", "auth", "status", "code"),
    [
        (PROFILE.replace("jane", "Jane"), (DEMO.profile_token, ""), 404, "not_found"),
        (PROFILE.replace("jane", "nobody"), (DEMO.profile_token, ""), 404, "not_found"),
        (PROFILE, AUTH, 401, "authentication_error"),
        (PROFILE + "?limit=101", (DEMO.profile_token, ""), 400, "validation_error"),
    ],
)
async def test_profile_errors(sandbox, http, path, auth, status, code) -> None:
    """Ids are looked up as they are written, so upper case finds nobody; the token is the user name."""
    answer = await http.get(profiles(sandbox, path), auth=auth)
    assert (status, code) == (answer.status_code, answer.json()["error"]["code"])


async def fate(http: httpx.AsyncClient, url: str) -> int | str:
    """The status of a new execution, or what kept it from having one."""
    try:
        return (await http.post(url, data=FORM, auth=AUTH, timeout=0.3)).status_code
    except httpx.HTTPError as error:
        return "broken off" if isinstance(error, httpx.RemoteProtocolError) else type(error).__name__


@pytest.mark.parametrize(
    ("name", "expected", "executed"),
    [
        ("too-many", 429, 0),
        ("unauthorized", 401, 0),
        ("forbidden", 403, 0),
        ("busy", 409, 0),
        ("unavailable", 503, 0),
        ("problem", 400, 0),
        ("html", 502, 0),
        ("redirect", 302, 0),
        ("reset", "ReadError", 0),
        ("hang", "ReadTimeout", 0),
        ("accept-then-reset", "ReadError", 1),
        ("accept-then-hang", "ReadTimeout", 1),
        ("accept-then-500", 500, 1),
        ("accept-then-drip", 201, 1),
        ("accept-then-truncate", "broken off", 1),
        ("accept-then-garbage", 201, 1),
    ],
)
async def test_faults(open_sandbox, http, name, expected, executed) -> None:
    """Each fault does what its name says, once, and is noted in the ledger."""
    sandbox = await open_sandbox()
    sandbox.faults.next(name)
    found = await fate(http, studio(sandbox))
    assert (expected, executed) == (found, len(sandbox.executions))
    assert name == sandbox.ledger.of("create")[0].fault
    assert 201 == await fate(http, studio(sandbox))


def test_every_named_fault_is_tested() -> None:
    """The table of the test above is complete."""
    [mark] = [mark for mark in test_faults.pytestmark if mark.name == "parametrize"]
    assert set(FAULTS) == {row[0] for row in mark.args[1]}


async def test_a_fault_for_one_contact(sandbox, http) -> None:
    """A rule can wait for one contact and let the others pass."""
    sandbox.faults.next(replying(418, "{}"), to="+15550001002")
    assert 201 == await fate(http, studio(sandbox))
    other = await http.post(studio(sandbox), data={**FORM, "To": "+15550001002"}, auth=AUTH)
    assert 418 == other.status_code


async def test_chances_are_reproducible(open_sandbox, http) -> None:
    """One seed gives one sequence, and about as many faults as asked for."""

    async def statuses() -> list[int | str]:
        sandbox = await open_sandbox(creates_per_second=None)
        sandbox.faults.by_chance({"too-many": 0.2, "unavailable": 0.2}, seed=7)
        return [await fate(http, studio(sandbox)) for _ in range(100)]

    first, second = await statuses(), await statuses()
    assert first == second
    assert 10 <= first.count(429) <= 30
    assert 10 <= first.count(503) <= 30


async def test_unknown_faults_are_refused(sandbox) -> None:
    """A misspelt name is an error that lists the names there are."""
    with pytest.raises(ValueError, match="accept-then-reset"):
        sandbox.faults.next("acept")


async def test_a_refused_request_is_not_accepted_by_a_fault(sandbox, http) -> None:
    """A fault after acceptance does not hide that the API refused."""
    sandbox.faults.next("accept-then-reset")
    answer = await http.post(studio(sandbox), data={**FORM, "To": ""}, auth=AUTH)
    assert 400 == answer.status_code


async def test_the_ledger_over_http(sandbox, http) -> None:
    """Another process reads what came and what was done; credentials are named, never shown."""
    await http.post(studio(sandbox), data=FORM, auth=AUTH)
    await http.get(profiles(sandbox), auth=(DEMO.profile_token, ""))
    text = (await http.get(studio(sandbox, "/_sandbox/ledger"))).text
    ledger = json.loads(text)
    seen = [(one["api"], one["operation"], one["credential"], one["status"]) for one in ledger["requests"]]
    assert [("studio", "create", "auth-token", 201), ("profiles", "profile", "profile-token", 200)] == seen
    assert [{"a": 1}] == [one["data"] for one in ledger["executions"]]
    assert not any(secret in text for secret in (DEMO.auth_token, DEMO.profile_token))
    await http.delete(studio(sandbox, "/_sandbox/ledger"))
    assert {"requests": [], "executions": []} == (await http.get(studio(sandbox, "/_sandbox/ledger"))).json()


async def test_faults_over_http(sandbox, http) -> None:
    """Another process sets rules, and is told what is wrong with them."""
    await http.post(studio(sandbox, "/_sandbox/faults"), json=[{"fault": "too-many", "times": 1}])
    assert [429, 201] == [await fate(http, studio(sandbox)) for _ in range(2)]
    wrong = await http.post(studio(sandbox, "/_sandbox/faults"), json=[{"fault": "nonsense"}])
    assert (400, True) == (wrong.status_code, "nonsense" in wrong.json()["error"])
    assert 404 == (await http.get(studio(sandbox, "/_sandbox/else"))).status_code


async def answered(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Return when a request has arrived that gets no answer."""
    while not (await http.get(studio(sandbox, "/_sandbox/ledger"))).json()["requests"]:
        pass


async def test_hanging_requests_do_not_keep_it_open() -> None:
    """Closing lets go of requests that were told to hang."""
    async with Sandbox() as sandbox, httpx.AsyncClient(timeout=30) as http:
        sandbox.faults.next(Fault("stuck", how="hang"))
        waiting = asyncio.create_task(fate(http, studio(sandbox)))
        await answered(http, sandbox)
    assert isinstance(await waiting, str)


def test_the_command(tmp_path) -> None:
    """`python -m ...sandbox` prints the settings that point to it and serves until it is ended."""
    command = [sys.executable, "-m", "destination_actions_twilio_studio.sandbox", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        settings: dict[str, Any] = json.loads(process.stdout.readline())
        answer = httpx.get(f"{settings['baseUrl']}/_sandbox/settings")
        assert settings == answer.json()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
