"""The case files of this destination would fail if it were broken: breaks are planted, and the cases see them.

The first five breaks are those that the tests of Segment's own destination cannot see, because they assert only inside
a `catch`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from destination_actions.testing.cases import load_cases, run_case

CASES = Path(__file__).parent / "cases"

BROKEN = '''\
"""Twilio Studio with one thing broken in each destination."""

from dataclasses import replace

from destination_actions import Accepted, TryAgain, Refused
from destination_actions_twilio_studio.destination import destination
from destination_actions_twilio_studio.executions import accepted_execution, executions_url, form_of
from destination_actions_twilio_studio.payload import TriggerStudioFlow

[action] = destination.actions


def broken(**changes):
    return replace(destination, actions=(replace(action, **changes),))


class Anybody(TriggerStudioFlow):
    """A payload that need not be about anybody."""

    validators = ()


async def guesses_a_number(ctx, flow):
    """Starts the flow for some number where the lookup failed."""
    try:
        return await action.perform(ctx, flow)
    except (TryAgain, Refused):
        url = executions_url(ctx.settings, flow)
        return accepted_execution(await ctx.send("POST", url, data=form_of(ctx, flow, "+15550009999")))


async def takes_any_answer(ctx, flow):
    """Takes every answer of Twilio for an acceptance."""
    url = executions_url(ctx.settings, flow)
    await ctx.send("POST", url, data=form_of(ctx, flow, flow.to or "+15550001001"))
    return Accepted({})


async def does_nothing(ctx, flow):
    """Says that it was done."""
    return Accepted({"executionSid": "FN00000000000000000000000000000001"})


any_event = replace(destination, presets=tuple(replace(one, subscribe='type != ""') for one in destination.presets))
nobody = broken(payload=Anybody)
no_cooldown = broken(cooldown=None)
no_lookup = broken(perform=guesses_a_number)
no_errors = broken(perform=takes_any_answer)
idle = broken(perform=does_nothing)
'''


def failing(folder: Path, broken: str) -> set[str]:
    """The names of the cases that fail when the destination is broken in this way, rows of tables taken together."""
    (folder / "broken_studio.py").write_text(BROKEN)
    names: set[str] = set()
    for file in CASES.glob("*.cases.yaml"):
        text = file.read_text().replace("destination: twilio-studio", f"destination: broken_studio:{broken}")
        (folder / file.name).write_text(text)
        results = map(run_case, load_cases(folder / file.name))
        names |= {result.case.name.partition(" [")[0] for result in results if not result.ok}
    return names


@pytest.mark.parametrize(
    ("broken", "case"),
    [
        ("any_event", "an event of another type starts nothing"),
        ("nobody", "an event about nobody is invalid, and says which fields are missing"),
        ("no_cooldown", "within the cooling-off period nothing starts"),
        ("no_lookup", "when the profile cannot be read nothing starts, and the event may be sent again"),
        ("no_lookup", "a person without a number is not contacted"),
        ("no_errors", "what Twilio refuses is rejected with its code, and opens no window"),
        ("idle", "an order looks the person up and starts the flow with what the event says"),
    ],
)
def test_a_planted_break_is_seen(tmp_path: Path, broken: str, case: str) -> None:
    """The case that is about it fails."""
    assert case in failing(tmp_path, broken)


def test_the_same_files_pass_when_nothing_is_broken(tmp_path: Path) -> None:
    """So it is the break that the cases see, and not the way in which it is planted."""
    assert set() == failing(tmp_path, "destination")
