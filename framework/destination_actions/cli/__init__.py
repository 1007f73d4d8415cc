"""The command `destinations`.

Exit codes, the first that applies:

- 2: configuration or usage error; nothing was sent
- 3: some input was no event; the rest was sent
- 1: some deliveries were rejected, invalid, unknown or failed, or a check did not pass
- 0: all well

130 after an interrupt, 141 when whoever reads the output has gone.
"""

from destination_actions.cli.app import main

__all__ = ["main"]
