"""About a hundred checks that every destination gets for nothing; `conformance` runs them all.

A destination's test file is one statement::

    test_conformance = conformance_tests("my-destination")
"""

from __future__ import annotations

from destination_actions.testing.conformance.profile import ConformanceProfile
from destination_actions.testing.conformance.report import Level, Report, Result
from destination_actions.testing.conformance.run import conformance, conformance_tests

__all__ = ["ConformanceProfile", "Level", "Report", "Result", "conformance", "conformance_tests"]
