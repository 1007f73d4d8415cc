"""The destination conforms."""

from __future__ import annotations

from destination_actions.testing import conformance_tests

test_conformance = conformance_tests("slack")
