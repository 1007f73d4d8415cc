"""`run --durable` as a process: killed, stopped and begun again over files and pipes, against the sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from destination_actions_twilio_studio.sandbox import Sandbox

COMMAND = str(Path(sys.executable).parent / "destinations")
PATIENCE = 90.0
Run = Callable[..., Result]
Line = Callable[..., str]


@pytest.fixture
def kept(config: Path) -> Path:
    """The configuration with a store that lasts, without a cooldown; the number stands in the event. What a killed
    process had in hand is free again soon."""
    document = json.loads(config.read_text())
    [subscription] = document["destinations"]["shop"]["subscriptions"]
    subscription["mapping"] |= {"coolingOffPeriod": 0, "to": {"@path": "$.properties.phone"}}
    claims = {"lease": 0.5, "send": 2.5, "grace": 0.5}
    config.write_text(json.dumps(document | {"stores": "sqlite:state.db", "claims": claims}))
    return config


def placed(user: str, number: int = 0) -> str:
    """An event without a messageId."""
    properties = {"phone": f"+1555000{number:04}"}
    return json.dumps({"type": "track", "event": "Order Completed", "userId": user, "properties": properties}) + "\n"


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Forty events and a line that is none."""
    path = tmp_path / "events.ndjson"
    lines = [placed(f"u{number}", number) for number in range(40)]
    path.write_text("".join([*lines[:20], "nope\n", *lines[20:]]))
    return path


def started(config: Path, events: Path | str, **options: Any) -> subprocess.Popen[str]:
    """A durable run as a process."""
    arguments = [COMMAND, "run", str(config), str(events), "--durable", "--json", "--concurrency", "4"]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def never_done(sandbox: Sandbox) -> None:
    """Have the last person's calls unanswered until the faults are cleared, so that no run can end too soon."""
    sandbox.faults.next("hang", times=None, to="+15550000039")


def come(sandbox: Sandbox, count: int) -> None:
    """Wait until so many flows were triggered."""
    deadline = time.monotonic() + PATIENCE
    while len(sandbox.executions) < count and time.monotonic() < deadline:
        time.sleep(0.005)


def people(sandbox: Sandbox) -> Counter[str]:
    """Who was contacted, and how often."""
    return Counter(one.data["userId"] for one in sandbox.executions)


EVERYBODY = Counter(f"u{number}" for number in range(40))


def test_killed_and_run_again(kept: Path, events: Path, sandbox: Sandbox, destinations: Run) -> None:
    """A run that is killed in the middle is gone on with: everybody is contacted once, and nothing is read twice."""
    never_done(sandbox)
    with started(kept, events) as first:
        come(sandbox, 9)
        first.kill()
    sandbox.faults.clear()
    assert 9 <= len(sandbox.executions) < 40
    with started(kept, events) as again:
        _, said = again.communicate(timeout=PATIENCE)
    assert (0, EVERYBODY) == (again.returncode, people(sandbox))
    assert "going on after 41 lines" in said
    states = json.loads(destinations("status", kept, "--json").stdout)["states"]
    assert (40, 40) == (states["delivered"], sum(states.values()))


def test_stopped_and_run_again(kept: Path, events: Path, sandbox: Sandbox, destinations: Run) -> None:
    """Told to end, it finishes what is under way and says how to go on; the next run does the rest."""
    never_done(sandbox)
    with started(kept, events) as first:
        come(sandbox, 5)
        first.send_signal(signal.SIGTERM)
        said = first.stderr.read() if first.stderr else ""
    assert 130 == first.returncode
    assert "stopped after line 41. Run the same command again to go on there" in said
    assert "events.ndjson:21: not JSON" in said
    assert len(sandbox.executions) < 40
    sandbox.faults.clear()
    assert 0 == destinations("run", kept, events, "--durable").exit_code
    assert EVERYBODY == people(sandbox)


def test_done_is_done(kept: Path, events: Path, sandbox: Sandbox, destinations: Run) -> None:
    """Once more does nothing; from the beginning reads everything and repeats nothing."""
    assert 3 == destinations("run", kept, events, "--durable").exit_code
    once = destinations("run", kept, events, "--durable")
    assert "0 events read, 0 not events; no outcomes" in once.stderr
    anew = destinations("run", kept, events, "--durable", "--restart")
    assert "40 events read, 1 not events; no outcomes" in anew.stderr
    assert EVERYBODY == people(sandbox)


def test_a_pipe_that_is_sent_again(kept: Path, events: Path, sandbox: Sandbox) -> None:
    """What came through a pipe before a kill is delivered by the next run; sending it all again repeats nothing."""
    with started(kept, "-", stdin=subprocess.PIPE) as first:
        assert first.stdin is not None
        first.stdin.write(events.read_text())
        first.stdin.flush()
        come(sandbox, 9)
        first.kill()
    with started(kept, "-", stdin=subprocess.PIPE) as again:
        again.communicate(events.read_text(), timeout=PATIENCE)
    assert (3, EVERYBODY) == (again.returncode, people(sandbox))


def test_names_tell_streams_apart(kept: Path, sandbox: Sandbox, destinations: Run) -> None:
    """The same bytes in the same place are the same event of one stream, and another of a stream of another name."""
    for name in ("monday", "monday", "tuesday"):
        assert 0 == destinations("run", kept, "-", "--durable", "--name", name, stdin=placed("jane")).exit_code
    assert Counter({"jane": 2}) == people(sandbox)


def test_what_cannot_be_durable(config: Path, events: Path, destinations: Run) -> None:
    """A store in memory is refused, and so is a beginning for a run that has no place."""
    refused = destinations("run", config, events, "--durable")
    assert (2, True) == (refused.exit_code, "stores in memory keep no records" in " ".join(refused.stderr.split()))
    refused = destinations("run", config, events, "--restart")
    assert (2, True) == (refused.exit_code, "add --durable" in refused.stderr)


def test_a_changed_file(kept: Path, events: Path, sandbox: Sandbox, destinations: Run) -> None:
    """It is refused with what to do."""
    events.write_text(placed("jane"))
    assert 0 == destinations("run", kept, events, "--durable").exit_code
    events.write_text(placed("ravi"))
    refused = destinations("run", kept, events, "--durable")
    assert 2 == refused.exit_code
    assert "is not the file that was being read under this name" in " ".join(refused.stderr.split())
    assert "--restart" in refused.stderr
    assert 1 == len(sandbox.executions)
