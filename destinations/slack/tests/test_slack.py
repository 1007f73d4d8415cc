"""What cases cannot say: the rate, the account, the addresses that are taken, and how little it takes to write."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from destination_actions import Delivered, Runtime, SettingsError, load_destination
from destination_actions.testing import Harness, Reply, event
from destination_actions_slack.settings import Settings

ADDRESS = "https://hooks.slack.com/services/T00000000/B0000000{}/XXXXXXXXXXXXXXXXXXXXXXXX"
SUBSCRIPTION = {"name": "All", "subscribe": 'type = "track"', "action": "postMessage"}
OK = Reply(on="POST https://hooks.slack.com/*", body="ok", times=None)


def test_messages_keep_a_second_apart() -> None:
    """Five events that come through the queue at once are all posted, none less than a second after the one before."""
    settings = {"webhookUrl": ADDRESS.format(0)}
    with Harness("slack", settings=settings, subscriptions=[SUBSCRIPTION], api=[OK]) as slack:
        outcomes = slack.deliver([event.track(f"Event {number}", userId="jane") for number in range(5)])
        times = [request.at for request in slack.requests]
    assert [Delivered] * 5 == [type(outcome) for outcome in outcomes]
    assert [] == [(a, b) for a, b in pairwise(times) if b - a < 0.99]


def test_the_account_is_the_webhook() -> None:
    """Each webhook has a rate of its own, under a name that does not hold its secret part."""
    account = load_destination("slack").account
    settings = [Settings.check({"webhookUrl": ADDRESS.format(number)}).value for number in (1, 2)]
    assert account is not None
    assert ["T00000000/B00000001", "T00000000/B00000002"] == [account(one) for one in settings]


def test_definition_and_action_are_short() -> None:
    """Settings, action and destination have at most 60 lines of text."""
    package = Path(__file__).parents[1] / "src" / "destination_actions_slack"
    files = [package / name for name in ("settings.py", "post_message.py", "destination.py")]
    assert 60 >= sum(bool(line.strip()) for file in files for line in file.read_text().splitlines())


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/T0/B0/x",
        "https://hooks.slack.com.evil.example/services/T0/B0/x",
        "https://hooks.slack.com/services/T0/B0/../x",
        "https://evil.example/https://hooks.slack.com/services/T0/B0/x",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    """Nothing but a webhook of Slack is taken, and the error does not show what was given."""
    with pytest.raises(SettingsError) as caught:
        Runtime("slack", settings={"webhookUrl": url}, subscriptions=[SUBSCRIPTION])
    assert url not in str(caught.value)
