"""Taking events in over HTTP: the tracking API that Segment's SDKs speak, in front of a runtime's durable queue."""

from destination_actions.ingest.limits import Limits
from destination_actions.ingest.logs import log_to
from destination_actions.ingest.service import Options, Service

__all__ = ["Limits", "Options", "Service", "log_to"]
