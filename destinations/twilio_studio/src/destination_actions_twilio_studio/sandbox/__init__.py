"""A stand-in for Twilio Studio and Segment's Profile API: a real HTTP server on loopback.

It behaves as the vendors document it, fails on demand, and keeps a ledger. `python -m
destination_actions_twilio_studio.sandbox` runs it for people.
"""

from destination_actions_twilio_studio.sandbox.executions import Execution
from destination_actions_twilio_studio.sandbox.faults import FAULTS, Fault, Faults, replying
from destination_actions_twilio_studio.sandbox.ledger import Ledger, Seen
from destination_actions_twilio_studio.sandbox.server import Sandbox
from destination_actions_twilio_studio.sandbox.world import DEMO, ExternalId, Flow, World

__all__ = [
    "DEMO",
    "FAULTS",
    "Execution",
    "ExternalId",
    "Fault",
    "Faults",
    "Flow",
    "Ledger",
    "Sandbox",
    "Seen",
    "World",
    "replying",
]
