"""Every check, in the order in which people read them."""

from __future__ import annotations

from typing import Final

from destination_actions.testing.conformance.bench import Bench, Subject
from destination_actions.testing.conformance.check import Check
from destination_actions.testing.conformance.checks import (
    answers,
    authentication,
    batch,
    cooldown,
    definition,
    effects,
    fields,
    isolation,
    network,
    reconcile,
    safety,
    secrecy,
    values,
)

OF_DESTINATION: Final[tuple[Check[Subject], ...]] = (
    *definition.CHECKS,
    *secrecy.CHECKS_OF_DESTINATION,
    *authentication.CHECKS,
)
"""Checks of a destination as a whole."""

OF_ACTION: Final[tuple[Check[Bench], ...]] = (
    *effects.CHECKS,
    *fields.CHECKS,
    *safety.CHECKS,
    *secrecy.CHECKS,
    *isolation.CHECKS,
    *values.CHECKS,
    *answers.CHECKS,
    *network.CHECKS,
    *cooldown.CHECKS,
    *batch.CHECKS,
    *reconcile.CHECKS,
)
"""Checks of each action. The first is the one without which the others say nothing."""
