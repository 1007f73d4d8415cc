"""The harness is a program of its own; its modules are found beside it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
