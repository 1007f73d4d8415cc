"""Every kind of finding: its code, how serious it is, what it means and what to do. The reference is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from destination_actions.errors import ConfigurationError, nearest

Level: TypeAlias = Literal["error", "warning", "note"]
"""An error stops the runtime from starting, a warning is most likely a mistake, a note may be meant."""

PAGE: Final = "docs/reference/findings.md"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding."""

    code: str
    level: Level
    title: str
    about: str
    mend: str


_ERRORS: Final = (
    Rule(
        "unreadable",
        "error",
        "The file cannot be read",
        "It is not there, may not be read, has more than 1 MB, or is not UTF-8 text.",
        "Check the path and the encoding.",
    ),
    Rule(
        "syntax",
        "error",
        "The file is no YAML or JSON",
        "The text cannot be parsed, has a second document, a tag or an alias that is not allowed, or is nested too "
        "deeply.",
        "Mend it at the place that is named; quote texts with a colon or a leading `@`.",
    ),
    Rule(
        "doubtful-number",
        "error",
        "A number without quotes that was probably meant as text",
        "`+15551234567` and `007` would lose a sign or zeros as numbers, and `1e999` is none in JSON.",
        "Put it in quotes.",
    ),
    Rule(
        "duplicate-key",
        "error",
        "A key stands twice in one object",
        "Only one of the values could count.",
        "Remove or rename one.",
    ),
    Rule(
        "unknown-key",
        "error",
        "A key that a configuration does not have",
        "A typo would otherwise be a setting without effect.",
        "Take the nearest name, which the hint gives; fields of an action belong under `mapping`.",
    ),
    Rule("missing-key", "error", "A key is missing that has to be there", "", "Add it, or name a `preset`."),
    Rule("wrong-type", "error", "A value of the wrong type", "", "Write what the message asks for."),
    Rule("bad-choice", "error", "A value that is none of the possible ones", "", "Take one of those listed."),
    Rule(
        "bad-name",
        "error",
        "A name with characters that names cannot have",
        "Names stand in outcomes, on the command line and in files.",
        "Use letters, digits, dots, hyphens and underscores, at most 100.",
    ),
    Rule("bad-form", "error", "A text that does not have the form it needs", "", "Write it as the message says."),
    Rule("out-of-range", "error", "A number that is too small or too large", "", "Stay within the bound."),
    Rule("empty-value", "error", "An empty text where something has to stand", "", "Write it, or leave out the key."),
    Rule(
        "conflicting-keys",
        "error",
        "Two keys that exclude each other",
        "`partnerAction` is Segment's word for `action`.",
        "Keep one of them.",
    ),
    Rule(
        "missing-id",
        "error",
        "No id can be made from a subscription's name",
        "An id identifies a subscription in outcomes and in the journal.",
        "Add `id`.",
    ),
    Rule(
        "duplicate-id",
        "error",
        "Two subscriptions of a destination have one id",
        "The journal could not tell their deliveries apart.",
        "Give one of them another name or an id of its own.",
    ),
    Rule(
        "unknown-name",
        "error",
        "A source names a destination that is not configured",
        "",
        "Take a name under `destinations:`.",
    ),
    Rule(
        "bad-write-key",
        "error",
        "A write key that cannot be used",
        "It is too short to be secret, has characters that HTTP authentication cannot carry, or belongs to another "
        "source.",
        "Take 32 random letters and digits for each source.",
    ),
    Rule(
        "unresolved-reference",
        "error",
        "A reference to a variable or file that is not there",
        "`${env:NAME}` and `${file:PATH}` are replaced when the configuration is loaded. `destinations check` calls it "
        "an error with `--environment` only; else it is noted as `not-set-here`.",
        "Set the variable, or write the file; relative paths start at the configuration's folder.",
    ),
    Rule(
        "unknown-destination",
        "error",
        "No installed destination has this slug, or its plugin cannot be loaded",
        "",
        "Install its distribution; `destinations list` shows what there is, and why a plugin failed.",
    ),
    Rule("unknown-action", "error", "The destination has no such action", "", "Take the nearest name of the hint."),
    Rule("unknown-preset", "error", "The destination has no such preset", "", "Take the nearest name of the hint."),
    Rule(
        "unknown-field",
        "error",
        "A mapping names a field that the action does not have",
        "",
        "Take the nearest name of the hint; `destinations describe SLUG` lists the fields.",
    ),
    Rule(
        "unknown-store",
        "error",
        "No installed store serves this URL",
        "",
        "Write `memory:` or `sqlite:PATH`, or install the store's plugin.",
    ),
    Rule("setting-missing", "error", "A setting is missing that the destination needs", "", "Add it."),
    Rule("setting-unknown", "error", "The destination has no such setting", "", "Take the nearest name of the hint."),
    Rule(
        "setting-invalid",
        "error",
        "A setting that the destination does not take",
        "The value may be secret, so it is not quoted.",
        "Write it as the message says.",
    ),
    Rule(
        "trigger-syntax",
        "error",
        "A trigger that is no expression",
        "The message gives line and column within the expression.",
        "See the reference of subscriptions.",
    ),
    Rule(
        "mapping-invalid",
        "error",
        "A mapping that cannot be compiled",
        "A directive is unknown or has a wrong argument, or a limit is exceeded.",
        "See the reference of mappings.",
    ),
    Rule("configuration", "error", "Something else that is wrong with the configuration", "", "See the message."),
    Rule(
        "bad-plan",
        "error",
        "The file of `--events` is neither a tracking plan nor events",
        "",
        "Give a JSON Schema, a tracking plan as Segment exports it, or events as NDJSON.",
    ),
)

_WARNINGS: Final = (
    Rule(
        "never-valid",
        "warning",
        "No event can be valid",
        "A constant of the mapping, or a required field without a value, makes every delivery invalid.",
        "Write a value that the field takes.",
    ),
    Rule(
        "type-impossible",
        "warning",
        "A field is given what it never takes",
        "Whatever the events hold, the value has a type or form that the field refuses.",
        "Map another path, or convert the value with a directive such as `@number` or `@join`.",
    ),
    Rule(
        "type-possible",
        "warning",
        "A field is given what it does not always take",
        "Some events that the plan allows give a value of a type that the field refuses; these are invalid.",
        'Convert the value, or have the trigger ask for it, as in `typeof(properties.total) = "number"`.',
    ),
    Rule(
        "required-may-be-missing",
        "warning",
        "A required field gets nothing from some events",
        "The plan allows events without the value; these are invalid.",
        "Give another value with `@coalesce`, or have the trigger ask for it, as in `properties.phone != null`.",
    ),
    Rule(
        "path-impossible",
        "warning",
        "A path that no event can have",
        "The plan excludes it, or no event of the sample has it.",
        "Take the nearest path, which the hint gives.",
    ),
    Rule(
        "path-unplanned",
        "warning",
        "A path that the tracking plan does not name",
        "The plan allows other members besides those that it names, and this is one of them.",
        "Take the nearest path of the hint, or add the path to the plan.",
    ),
    Rule(
        "trigger-never",
        "warning",
        "A trigger that no event matches",
        "It contradicts itself, or the tracking plan.",
        "Compare it with the plan; `destinations explain` says what an event lacks.",
    ),
    Rule(
        "value-impossible",
        "warning",
        "A trigger compares with a value that no event has",
        "The plan lists the values of this place, or gives it another type; this part of the trigger never holds.",
        "Take the nearest value, which the hint gives.",
    ),
    Rule(
        "same-effect-twice",
        "warning",
        "Two subscriptions do the same for one event",
        "Both match an event, and their actions have the same target: where the action has a cooldown, the second "
        "is suppressed, and else the person gets it twice.",
        "Have the triggers exclude each other, or make it one subscription.",
    ),
    Rule(
        "secret-in-clear",
        "warning",
        "A secret stands in the file",
        "Whoever can read the file, or its history, has it.",
        "Write `${env:NAME}` or `${file:PATH}`, and renew the secret.",
    ),
    Rule(
        "reference-left-alone",
        "warning",
        "A reference outside settings and write keys",
        "There it stays the text that it is.",
        "Move it into settings, or write the value.",
    ),
    Rule(
        "no-subscription",
        "warning",
        "A destination that gets no event",
        "It has no enabled subscription.",
        "Add one, or set `enabled: false`.",
    ),
    Rule(
        "read-otherwise",
        "warning",
        "Segment reads this trigger otherwise",
        "That matters for expressions that come from there; `--no-segment` turns it off.",
        "Add the parentheses of the reading that is meant.",
    ),
)

_NOTES: Final = (
    Rule(
        "not-set-here",
        "note",
        "A reference to a variable or file that is not there, where the check runs",
        "The runtime does not start without it. What is configured with it is not judged, everything else is.",
        "Nothing, where secrets are only at hand where the runtime starts; there, `--environment` makes it an error.",
    ),
    Rule(
        "trigger-always",
        "note",
        "A trigger that every event matches",
        "",
        "Ask for the type, at least, unless all events are meant.",
    ),
    Rule(
        "form-unproven",
        "note",
        "The plan does not say that a value has the form of its field",
        "The type is right, but the field asks for a pattern, a format or bounds that the plan does not promise.",
        "Nothing, if you know better; else state the form in the plan.",
    ),
)

RULES: Final[MappingProxyType[str, Rule]] = MappingProxyType(
    {rule.code: rule for rule in (*_ERRORS, *_WARNINGS, *_NOTES)}
)
"""Every rule by its code."""


def rule_of(code: str) -> Rule:
    """Find a rule. Raises `ConfigurationError` with the nearest code."""
    if code not in RULES:
        hint = nearest(code, RULES) or f"there are {', '.join(RULES)}"
        raise ConfigurationError(f'there is no finding "{code}"', hint=hint)
    return RULES[code]


def explained(rule: Rule) -> str:
    """Give what is known of a kind of finding, as Markdown."""
    parts = [f"{rule.title} ({rule.level}).", rule.about, rule.mend]
    return "\n\n".join(part for part in parts if part)


def reference() -> str:
    """Give the sections of the reference page, in the order of seriousness."""
    headings = {"error": "Errors", "warning": "Warnings", "note": "Notes"}
    text = ""
    for level, heading in headings.items():
        text += f"\n## {heading}\n"
        for rule in (rule for rule in RULES.values() if rule.level == level):
            text += f"\n### {rule.code}\n\n{explained(rule)}\n"
    return text
