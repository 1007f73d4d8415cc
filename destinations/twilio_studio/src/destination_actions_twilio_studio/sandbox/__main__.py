"""Run the sandbox until interrupted: `python -m destination_actions_twilio_studio.sandbox --port 8010`.

The first line on standard output is the settings that point to it, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import json
import signal
import sys
from collections.abc import Sequence

from destination_actions_twilio_studio.sandbox.faults import FAULTS
from destination_actions_twilio_studio.sandbox.server import Sandbox
from destination_actions_twilio_studio.sandbox.world import DEMO, World


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and serve."""
    options = _parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    profile_port = options.profile_port
    if profile_port is None:
        profile_port = options.port + 1 if options.port else 0
    sandbox = Sandbox(_world(options), port=options.port, profile_port=profile_port)
    sandbox.faults.by_chance(dict(options.fault), seed=options.seed)
    async with sandbox:
        sys.stdout.write(json.dumps(sandbox.settings) + "\n")
        sys.stdout.flush()
        await _stopped()


async def _stopped() -> None:
    stop = asyncio.Event()
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


def _world(options: argparse.Namespace) -> World:
    return dataclasses.replace(
        DEMO,
        creates_per_second=options.limit or None,
        lookups_per_second=options.lookup_limit or None,
        one_active=options.one_active,
        execution_seconds=options.execution_seconds or None,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m destination_actions_twilio_studio.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8010, help="port of Studio; 0 picks a free one")
    parser.add_argument("--profile-port", type=int, help="port of the Profile API; the next one if left out")
    parser.add_argument(
        "--limit", type=int, default=DEMO.creates_per_second, help="new executions a second; 0: no limit"
    )
    parser.add_argument(
        "--lookup-limit", type=int, default=DEMO.lookups_per_second, help="lookups a second; 0: no limit"
    )
    parser.add_argument("--one-active", action="store_true", help="a contact has one active execution at a time")
    parser.add_argument("--execution-seconds", type=float, default=60, help="an execution lasts so long; 0: for ever")
    parser.add_argument("--fault", type=_chance, action="append", default=[], metavar="NAME=CHANCE", help=_faults())
    parser.add_argument("--seed", type=int, default=0, help="of the faults' chances")
    return parser


def _chance(text: str) -> tuple[str, float]:
    name, _, chance = text.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f'no fault is named "{name}"')
    return name, float(chance or 1)


def _faults() -> str:
    return f"let a new execution fail with this chance; may be repeated; {', '.join(FAULTS)}"


if __name__ == "__main__":
    main()
