"""What changed between two versions of a destination, and for whom that breaks something.

`changes_between` takes two descriptions (`destinations describe SLUG --json`) and gives every change, with how serious
it is. It knows nothing of how destinations are loaded.
"""

from destination_actions.changes.destinations import changes_between
from destination_actions.changes.model import SEVERITIES, Change, Severity, worst

__all__ = ["SEVERITIES", "Change", "Severity", "changes_between", "worst"]
