"""Whether the check finds seeded mistakes, and whether what it proves is so: judged by events, not by the check."""

from __future__ import annotations

import collections
import copy
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from config_mutants import Mutant, endings, is_broken, mutants, plan_of
from destination_actions.checking import Report, check_file, read_plan
from destination_actions.fields import FieldSet
from destination_actions.fields._fieldset import made
from destination_actions.outcomes import Filtered, Invalid, Outcome
from destination_actions.plugins import load_destination
from destination_actions.runtime.plan import Plan, Subscription
from destination_actions.runtime.prepare import Prepared
from planned_events import EXAMPLES, ROOT, events_of

SHOP = Path(__file__).parents[1] / "checking" / "shop.plan.json"
"""A plan with the events that presets and the examples of destinations are triggered by."""

CREDENTIALS = {
    "twilio-studio": {
        "accountSid": "${env:TWILIO_ACCOUNT_SID}",
        "authToken": "${env:TWILIO_AUTH_TOKEN}",
        "spaceId": "${env:SEGMENT_SPACE_ID}",
        "profileApiAccessToken": "${env:SEGMENT_PROFILE_API_TOKEN}",
    },
    "webhook": {"sharedSecret": "${env:TWILIO_AUTH_TOKEN}"},
    "slack": {"webhookUrl": "https://hooks.slack.com/services/T000/B000/XXXX"},
}
NOTHING = (None, "")
"""What counts as no value at the top of a document."""

NEEDED: dict[str, dict[str, Any]] = {
    "triggerStudioFlow": {"flowSid": "FW00000000000000000000000000000001", "from": "+15550009000"},
    "send": {"url": "https://hooks.example.com/orders"},
}


@dataclass(frozen=True)
class Trial:
    """A good configuration, and the plan of its events."""

    name: str
    document: dict[str, Any]
    plan: Path


def of_examples() -> list[Trial]:
    """The examples."""
    return [
        Trial(one.name, yaml.safe_load((one / "destinations.yaml").read_text()), one / "plan.json") for one in EXAMPLES
    ]


def of_destinations() -> Iterator[Trial]:
    """The presets of the destinations, written out, and the configurations that they show."""
    for slug, settings in CREDENTIALS.items():
        for preset in load_destination(slug).presets:
            one = {
                "name": preset.name,
                "subscribe": preset.subscribe,
                "action": preset.action,
                "mapping": {**NEEDED[preset.action], **copy.deepcopy(dict(preset.mapping))},
            }
            lane = {"destination": slug, "settings": dict(settings), "subscriptions": [one]}
            yield Trial(f"{slug}: {preset.name}", {"destinations": {"lane": lane}}, SHOP)
    slack = yaml.safe_load((ROOT / "destinations" / "slack" / "example" / "destinations.yaml").read_text())
    webhook = (ROOT / "destinations" / "webhook" / "README.md").read_text().split("```yaml\n")[1].split("```")[0]
    for name, document, slug in (("slack", slack, "slack"), ("webhook", yaml.safe_load(webhook), "webhook")):
        for lane in document["destinations"].values():
            lane["settings"] = CREDENTIALS[slug]
        yield Trial(f"{name}: its own", document, SHOP)


@dataclass
class Tally:
    """Mistakes that break, by kind, those that were flagged, and what the check said that is not so."""

    broken: collections.Counter[str] = field(default_factory=collections.Counter)
    flagged: collections.Counter[str] = field(default_factory=collections.Counter)
    missed: list[tuple[str, Mutant]] = field(default_factory=list)
    untrue: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Of the mistakes that break, how many were flagged."""
        return self.flagged.total() / self.broken.total() if self.broken else 1.0

    def __str__(self) -> str:
        """The figures, and each kind's."""
        rows = [f"{kind} {self.flagged[kind]}/{count}" for kind, count in sorted(self.broken.items())]
        return f"{self.flagged.total()} of {self.broken.total()} ({self.rate:.1%}) [{', '.join(rows)}]"


def tried(trials: Iterable[Trial], folder: Path, count: int, seed: int) -> Tally:
    """Check mutants of every configuration. The variables that they name have to be set."""
    tally = Tally()
    for trial in trials:
        file, plan, events = folder / "c.json", read_plan(trial.plan), list(events_of(trial.plan, 40))
        file.write_text(json.dumps(trial.document))
        compiled = plan_of(file)
        assert compiled is not None, trial.name
        baseline, original = signs(check_file(file, plan, segment=False)), endings(compiled, events)
        for mutant in mutants(trial.document, paths_of(trial.plan), count, seed):
            file.write_text(json.dumps(mutant.document))
            report, changed = check_file(file, plan, segment=False), plan_of(file)
            ends = endings(changed, events) if changed else None
            if changed and ends:
                tally.untrue += [
                    f"{trial.name}, {mutant.kind}, {mutant.what}: {one}"
                    for one in untrue(report, changed, events, ends)
                ]
            if is_broken(original, ends):
                tally.broken[mutant.kind] += 1
                if signs(report) - baseline:
                    tally.flagged[mutant.kind] += 1
                else:
                    tally.missed.append((trial.name, mutant))
    return tally


def paths_of(plan: Path) -> list[str]:
    """The paths that events of a plan have, and some of the envelope."""
    found = ["$.userId", "$.event", "$.properties", "$.timestamp", "$.context"]
    for rule in json.loads(plan.read_text())["rules"]:
        inner = rule["jsonSchema"]["properties"].get("properties", {}).get("properties", {})
        found += [f"$.properties.{key}" for key in inner]
    return found


def signs(report: Report) -> collections.Counter[tuple[str, str]]:
    """The errors and warnings, by code and message."""
    return collections.Counter((one.code, one.message) for one in report.findings if one.level != "note")


def untrue(report: Report, plan: Plan, events: Sequence[Any], ends: Sequence[Prepared | Outcome]) -> Iterator[str]:
    """Verdicts of a report on one field that some event contradicts; validators look at several."""
    each = len(events)
    for at, one in enumerate(plan.subscriptions):
        own = ends[at * each : (at + 1) * each]
        invalid = _invalid_alone(one, own, events)
        fits = {f.field: f.fit for f in report.fields if (f.destination, f.subscription) == (one.lane.name, one.id)}
        yield from (f"{key} is proven, and an event has it wrong" for key in invalid if _is(fits, key, "proven"))
        for event, end in zip(events, own, strict=True):
            given = one.mapping.resolve(event) if isinstance(end, Prepared) else {}
            wrong = [key for key, value in given.items() if value not in NOTHING and _is(fits, key, "impossible")]
            yield from (f"{key} is impossible, and an event is valid" for key in wrong)
        name = f'subscription "{one.id}" of "{one.lane.name}"'
        codes = {finding.code for finding in report.findings if finding.message.startswith(name)}
        if "trigger-never" in codes and not all(isinstance(end, Filtered) for end in own):
            yield "it never triggers, and an event does"


def _invalid_alone(one: Subscription, own: Sequence[Prepared | Outcome], events: Sequence[dict[str, Any]]) -> set[str]:
    """The fields that an event made invalid, whatever the others were."""
    found = set()
    for event, end in zip(events, own, strict=True):
        document = one.mapping.resolve(event) if isinstance(end, Invalid) else {}
        for problem in end.problems if isinstance(end, Invalid) and isinstance(document, dict) else ():
            key = problem.pointer.split("/")[1]
            if key not in found and _alone(one.action.payload, key).check(document).errors:
                found.add(key)
    return found


@cache
def _alone(payload: type[FieldSet], key: str) -> type[FieldSet]:
    """One field, without what it asks of others."""
    spec = next(spec for spec in payload.fields() if spec.key == key)
    return made("Alone", (replace(spec, depends_on=None, required=spec.always_required),), additional=True)


def _is(fits: dict[str, Any], key: str, verdict: str) -> bool:
    return key in fits and fits[key].verdict == verdict
