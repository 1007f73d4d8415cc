"""The credential check tries both APIs, with reads that a restricted key may do."""

from __future__ import annotations

from typing import Any

import pytest
from destination_actions_twilio_studio.sandbox import replying


async def checks(runtime: Any) -> list[Any]:
    """The checks of the one destination."""
    return list((await runtime.test_authentication())["twilio-studio"])


async def test_good_credentials(sandbox, make) -> None:
    """Both are fine: the flows can be read, and nobody's profile is not found."""
    found = await checks(make(sandbox))
    assert [("Twilio Studio", True), ("Segment Profile API", True)] == [(check.name, check.ok) for check in found]
    assert [("GET", "flows"), ("GET", "profile")] == [(seen.call.method, seen.operation) for seen in sandbox.ledger]


@pytest.mark.parametrize(
    ("settings", "good", "advice"),
    [
        ({"authToken": "a-wrong-auth-token"}, [False, True], "authToken"),
        ({"profileApiAccessToken": "a-wrong-profile-token"}, [True, False], "profileApiAccessToken"),
        ({"baseUrl": "http://127.0.0.1:9"}, [False, True], "reached"),
    ],
)
async def test_each_failure_names_its_credential(sandbox, make, settings, good, advice) -> None:
    """The one that fails says what to do, and shows no secret."""
    found = await checks(make(sandbox, settings))
    assert good == [check.ok for check in found]
    [failed] = [check for check in found if not check.ok]
    assert advice in failed.message
    assert "a-wrong" not in failed.message


@pytest.mark.parametrize(
    ("operation", "status", "ok"),
    [("flows", 403, False), ("profile", 403, False), ("profile", 200, True), ("flows", 500, False)],
)
async def test_other_answers(sandbox, make, operation, status, ok) -> None:
    """A key without permission is told apart from a wrong one; a server in trouble is not called a wrong key."""
    sandbox.faults.next(replying(status, "{}"), on=operation)
    found = await checks(make(sandbox))
    assert ok == found[0 if operation == "flows" else 1].ok
