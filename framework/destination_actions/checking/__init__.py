"""Checking a configuration: everything that is wrong with it, or most likely is, without an event on its way.

`check_file` gives a `Report` of findings, each with a code that `rule_of` explains, and the verdict on every mapped
field: proven, possible, impossible or unknown. With a tracking plan or a sample of events (`read_plan`) it knows more.
"""

from destination_actions.checking.check import check_file
from destination_actions.checking.editor import editor_schema
from destination_actions.checking.plans import EventKind, EventPlan, read_plan
from destination_actions.checking.report import Finding, Judged, Report
from destination_actions.checking.rules import RULES, Level, Rule, explained, reference, rule_of
from destination_actions.checking.sarif import sarif

__all__ = [
    "RULES",
    "EventKind",
    "EventPlan",
    "Finding",
    "Judged",
    "Level",
    "Report",
    "Rule",
    "check_file",
    "editor_schema",
    "explained",
    "read_plan",
    "reference",
    "rule_of",
    "sarif",
]
