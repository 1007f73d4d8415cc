"""Tests as data: case files, what they say, and running them."""

from destination_actions.testing.cases.load import load_cases
from destination_actions.testing.cases.model import Case, Step
from destination_actions.testing.cases.report import report_of
from destination_actions.testing.cases.run import Failure, Result, run_case

__all__ = ["Case", "Failure", "Result", "Step", "load_cases", "report_of", "run_case"]
