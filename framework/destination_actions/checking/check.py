"""The check of one configuration file: what the runtime refuses, and what it would take but is most likely wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from destination_actions.checking.constants import never_valid
from destination_actions.checking.literals import unmatched
from destination_actions.checking.mapped import judged_fields, misfits
from destination_actions.checking.overlaps import overlaps
from destination_actions.checking.parts import Part, parts_of
from destination_actions.checking.paths import unreached
from destination_actions.checking.plans import EventPlan, no_plan
from destination_actions.checking.report import Finding, Judged, Report, found, in_order
from destination_actions.checking.secrets import secrets_in_clear
from destination_actions.checking.shapes import Shape
from destination_actions.checking.triggers import matching, verdicts
from destination_actions.config import Config, Survey, survey
from destination_actions.errors import ConfigurationError
from destination_actions.plugins import Registry
from destination_actions.runtime.assemble import registry_for
from destination_actions.runtime.plan import compile_plan
from destination_actions.subscriptions import segment_differences
from destination_actions.subscriptions.contradictions import unsatisfiable
from destination_actions.subscriptions.nodes import Literal, Truth, negation


def check_file(
    path: Path,
    plan: EventPlan | None = None,
    *,
    segment: bool = True,
    environment: bool = False,
    plugins: Iterable[object] = (),
) -> Report:
    """Check a file, with a tracking plan if there is one; nothing is sent, and nothing is raised for what it holds.

    With `segment`, it is also said where Segment reads a trigger otherwise. With `environment`, the variables and files
    that the file names have to be there, as they have where the runtime starts.
    """
    try:
        known = survey(path)
    except ConfigurationError as error:
        return Report(str(path), in_order(found(error)))
    findings = [_of_reading(error, environment) for error in known.errors]
    if known.config is None:
        return Report(str(path), in_order(findings))
    config, registry, more = _with_store(known, known.config, plugins)
    return _Check(known, config, registry, plan or no_plan(), segment).report(path, [*findings, *more])


def _of_reading(error: ConfigurationError, environment: bool) -> Finding:
    """What is wrong with the file itself; what is not set here may well be set where the runtime starts."""
    (finding,) = found(error)
    unset = finding.code == "unresolved-reference" and not environment
    return replace(finding, code="not-set-here") if unset else finding


def _with_store(known: Survey, config: Config, plugins: Iterable[object]) -> tuple[Config, Registry, list[Finding]]:
    """The configuration with a store that there is, its plugins, and what is wrong with its own store."""
    try:
        return config, registry_for(config, None, plugins), []
    except ConfigurationError as error:
        usual = replace(config, stores="memory:")
        return usual, registry_for(usual, None, plugins), [] if known.is_consequence(error) else found(error)


class _Check:
    """One run over what has the right shape in a configuration."""

    def __init__(self, known: Survey, config: Config, registry: Registry, plan: EventPlan, segment: bool) -> None:
        self.known = known
        self.config = config
        self.registry = registry
        self.plan = plan
        self.segment = segment
        self.fields: list[Judged] = []

    def report(self, path: Path, findings: list[Finding]) -> Report:
        """Everything that is found, besides what was found before."""
        findings += [*self.errors(), *self.surprises()]
        findings += secrets_in_clear(self.config, self.known.document, self.registry)
        parts = list(parts_of(self.config, self.registry, self.registry.plugins.directives()))
        for part in parts:
            findings += self.of(part)
        findings += overlaps(parts, self.plan)
        rows = [(one.lane.name, one.destination.slug, one.id, one.action.slug, str(one.expression)) for one in parts]
        return Report(str(path), in_order(findings), tuple(self.fields), tuple(rows))

    def errors(self) -> list[Finding]:
        """What keeps the runtime from starting, and does not follow from what is known."""
        try:
            compile_plan(self.config, self.registry, self.registry.plugins.directives())
        except ConfigurationError as error:
            return [one for each in error.errors if not self.follows(each) for one in found(each)]
        return []

    def follows(self, error: ConfigurationError) -> bool:
        """Whether an error is a consequence: so is what functions of settings say that are not all known here."""
        unknown = {at.rpartition("/settings")[0] for at in self.known.doubtful if "/settings" in at}
        whole = {f"{lane}{end}" for lane in unknown for end in ("", "/settings")}
        named = error.code == "setting-unknown"
        return not named and (self.known.is_consequence(error) or error.pointer in whole)

    def surprises(self) -> Iterator[Finding]:
        """What loads and has no effect."""
        for warning in self.config.warnings:
            yield from found(warning)
        for lane in self.config.destinations:
            cut = any(at.startswith(f"{lane.pointer}/subscriptions") for at in self.known.doubtful)
            if lane.enabled and not cut and not any(one.enabled for one in lane.subscriptions):
                message = f'destination "{lane.name}" has no enabled subscription, so it gets no event'
                yield Finding("no-subscription", message, lane.pointer, place=self.config.place(lane.pointer))

    def of(self, part: Part) -> Iterator[Finding]:
        """What is known of one subscription."""
        shapes, verdict = self.events_of(part)
        yield from trigger_findings(part, verdict, self.plan)
        yield from unmatched(part, self.plan) if shapes else ()
        if self.segment and part.item.subscribe is not None:
            place = part.place(part.trigger_pointer)
            for one in segment_differences(part.item.subscribe):
                yield Finding("read-otherwise", str(one), part.trigger_pointer, place=place)
        constants = list(never_valid(part))
        yield from constants
        yield from unreached(part, shapes, self.plan)
        judged = list(judged_fields(part, shapes))
        self.fields += [one for _, one in judged]
        said = {finding.pointer for finding in constants}
        yield from (one for one in misfits(part, judged, self.plan) if not _is_said(part, one, said))

    def events_of(self, part: Part) -> tuple[list[Shape], str]:
        """The events that trigger a subscription, and whether none or all do."""
        condition = part.expression.condition
        cans = [verdicts(condition, kind.shape) for kind in self.plan.kinds]
        found = [matching(condition, kind.shape) for kind in self.plan.kinds]
        shapes = [shape for shape, can in zip(found, cans, strict=True) if can.hold and not shape.nothing]
        if not shapes or unsatisfiable(condition):
            return [], "never"
        always = not any(can.fail for can in cans) or unsatisfiable(negation(condition))
        return shapes, "always" if always else "sometimes"


def _is_said(part: Part, finding: Finding, said: set[str]) -> bool:
    """Whether a constant was found to be wrong at the same place, or a required field without a mapping."""
    return finding.pointer in said or (finding.pointer == part.item.pointer and bool(said))


def trigger_findings(part: Part, verdict: str, plan: EventPlan) -> Iterator[Finding]:
    """Say that a trigger never or always matches."""
    pointer = part.trigger_pointer
    if verdict == "never":
        whose = {"plan": "no event of the tracking plan", "sample": "no event of the sample", "none": "no event"}
        alone = unsatisfiable(part.expression.condition)
        message = f"{part.name}: {'no event' if alone else whose[plan.source]} can match {part.expression}"
        yield Finding("trigger-never", message, pointer, place=part.place(pointer))
    elif verdict == "always" and part.expression.condition != Truth(Literal(value=True)):
        whose = {"plan": " of the tracking plan", "sample": " of the sample", "none": ""}
        message = f"{part.name}: every event{whose[plan.source]} matches {part.expression}"
        yield Finding("trigger-always", message, pointer, place=part.place(pointer))
