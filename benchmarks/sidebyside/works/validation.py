"""Is the mapped document a valid payload? Ours also cleans, coerces and builds the typed payload."""

from __future__ import annotations

from destination_actions import fieldset_from_json
from destination_actions.fields import quick_payload

from sidebyside.job import Job, Work


def validation(job: Job) -> Work:
    """Check the mapped document, as the runtime does; ours does not change what it is given, so it needs no copies."""
    payload, document = fieldset_from_json(job.inputs["fields"]), job.inputs["mapped"]
    return Work(once=lambda: quick_payload(payload, document), check=lambda: payload.check(document).value)
