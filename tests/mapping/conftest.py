"""Put this folder's strategies, and the compliance suite's slow interpreter, within reach of the test modules here."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "compliance")]
