"""The policy `onUnknown: suppress` as a worker: what may have been executed is not sent again but listed as unknown."""

from __future__ import annotations

from collections.abc import Iterator

from claims_world import Worker
from destination_actions.protocols import Claim, Verdict


class Suppressing(Worker):
    """Reads nothing back. I1 to I9 hold for it as well; an event may end as unknown."""

    def work(self) -> Iterator[str]:
        """Claim, and send only what was never attempted."""
        world, event = self.world, self.event
        answer = world.claim(event)
        yield "claimed"
        match answer.verdict:
            case Verdict.GRANTED:
                assert answer.claim is not None
                yield from self.resume(answer.claim, answer.verdict)
            case Verdict.RESUME:
                assert answer.claim is not None
                world.ambiguous(answer.claim)
                yield "kept"
                world.report_unknown(event)
            case Verdict.COOLING_CHECK:
                world.report_unknown(event)
            case Verdict.ALREADY_DONE:
                world.report_delivered(event)
            case Verdict.COOLING | Verdict.ALREADY_SUPPRESSED:
                world.report_suppressed(event, answer.by)

    def unknown(self, claim: Claim) -> None:
        """Keep the key, and say so."""
        super().unknown(claim)
        self.world.report_unknown(self.event)
