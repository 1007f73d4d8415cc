"""Put the suite's own helper modules (`_suite`, `*_rules`) within reach of the test modules of this folder."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
