"""Recording: from real traffic to case files without anything personal or secret."""

from destination_actions.testing.recording.given import Given, given_of, redaction_for
from destination_actions.testing.recording.ledger import ledger_samples
from destination_actions.testing.recording.live import live_samples
from destination_actions.testing.recording.redact import Redaction
from destination_actions.testing.recording.samples import Answered, Chosen, Sample, chosen
from destination_actions.testing.recording.write import Leak, Written, case_files, file_names

__all__ = [
    "Answered",
    "Chosen",
    "Given",
    "Leak",
    "Redaction",
    "Sample",
    "Written",
    "case_files",
    "chosen",
    "file_names",
    "given_of",
    "ledger_samples",
    "live_samples",
    "redaction_for",
]
