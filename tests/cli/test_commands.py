"""The commands on real files, right and wrong: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from destination_actions.cli.commands import COMMANDS
from jsonschema import Draft202012Validator

Run = Callable[..., Result]
Line = Callable[..., str]
COMMAND = str(Path(sys.executable).parent / "destinations")


def outcomes(result: Result) -> list[tuple[str, str]]:
    """Outcome and messageId of each line of NDJSON, sorted by messageId."""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return sorted((one["messageId"], one["outcome"]) for one in lines)


# --- run -------------------------------------------------------------------------------------------------------------


def test_run_prints_ndjson(destinations: Run, config: Path, line: Line, tmp_path: Path) -> None:
    """With --json each outcome is a line that keeps to its schema; the rest goes to standard error; exit code 0."""
    from destination_actions.schemas import load_schema

    events = tmp_path / "events.ndjson"
    events.write_text(line("a1", "jane") + line("a2", "jane") + line("a3", "jane", "Other"))
    result = destinations("run", config, events, "--json", "--concurrency", "1")
    assert [("a1", "delivered"), ("a2", "suppressed"), ("a3", "filtered")] == outcomes(result)
    for text in result.stdout.splitlines():
        Draft202012Validator(load_schema("outcome")).validate(json.loads(text))
    assert (0, "3 events read, 0 not events; 1 delivered, 1 suppressed, 1 filtered\n") == (
        result.exit_code,
        result.stderr,
    )


def test_run_prints_tables(destinations: Run, config: Path, line: Line, tmp_path: Path) -> None:
    """Without --json there is a row for whatever needs a look, with its whole reason, and a row of counts."""
    events = tmp_path / "events.ndjson"
    events.write_text(line("t1", "ravi") + line("t2", "no-phone"))
    for columns in ("80", "120"):
        result = destinations("run", config, events, COLUMNS=columns)
        assert 1 == result.exit_code
        assert "the profile has no phone number" in " ".join(result.stdout.split())
        assert max(map(len, result.stdout.splitlines())) <= int(columns)
        assert "Delivered" in result.stdout


def test_rejected_deliveries_exit_with_1(destinations: Run, config: Path, line: Line) -> None:
    """A delivery that is rejected makes the exit code 1."""
    result = destinations("run", config, "-", "--json", stdin=line("r1", "no-phone"))
    assert ([("r1", "rejected")], 1) == (outcomes(result), result.exit_code)


def test_bad_input_exits_with_3(destinations: Run, config: Path, line: Line) -> None:
    """A line that is no event is named with its number, the others are delivered, and 3 comes before 1."""
    result = destinations("run", config, "-", "--json", stdin="{nope\n" + line("b1", "no-phone") + line("b2", "mia"))
    assert ([("b1", "rejected"), ("b2", "delivered")], 3) == (outcomes(result), result.exit_code)
    assert "not an event: stdin:1: not JSON" in result.stderr


def test_much_bad_input_is_counted(destinations: Run, config: Path) -> None:
    """The first twenty bad lines are printed, all are counted."""
    result = destinations("run", config, "-", stdin="nope\n" * 50)
    assert (20, True) == (result.stderr.count("stdin:"), "0 events read, 50 not events" in result.stderr)


def test_a_store_remembers(destinations: Run, config: Path, line: Line, tmp_path: Path) -> None:
    """With a SQLite store the cooldown holds over two runs of the command."""
    store = f"sqlite:{tmp_path / 'state.db'}"
    first = destinations("run", config, "-", "--json", "--store", store, stdin=line("s1", "tom"))
    second = destinations("run", config, "-", "--json", "--store", store, stdin=line("s2", "tom"))
    assert ([("s1", "delivered")], [("s2", "suppressed")]) == (outcomes(first), outcomes(second))


def test_interrupted_pipe(config: Path, line: Line, tmp_path: Path) -> None:
    """When the reader of the output has gone, the command ends with 141 and without a traceback."""
    events = tmp_path / "events.ndjson"
    events.write_text("".join(line(f"p{i}", "jane", "Other") for i in range(5_000)))
    arguments = [COMMAND, "run", str(config), str(events), "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.close()
        assert "Traceback" not in run.stderr.read()
        assert 141 == run.wait()


def test_a_table_into_a_closed_pipe(config: Path, line: Line, tmp_path: Path) -> None:
    """Tables end with 141 too, not with the code of rejected deliveries."""
    events = tmp_path / "events.ndjson"
    events.write_text(line("t1", "jane", "Other"))
    for arguments in (["run", str(config), str(events)], ["check", str(config)], ["list"]):
        with subprocess.Popen([COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            assert run.stderr is not None
            run.stdout.close()
            assert "Traceback" not in run.stderr.read()
            assert 141 == run.wait()


def test_no_standard_input(config: Path) -> None:
    """Where standard input is closed, the command says so."""
    script = f"exec {COMMAND} run {config} - <&-"
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (2, "error: standard input is closed") == (run.returncode, run.stderr.splitlines()[0])


# --- what is wrong ---------------------------------------------------------------------------------------------------

WRONG = """\
destinations:
  shop:
    destination: twilio-studio
    settings: {accountSid: AC00000000000000000000000000000000, authToken: canary-1, spaceId: s,
      profileApiAccessToken: canary-2}
    subscriptions:
      - name: One
        subscribe: type = "track"
        action: triggerStudioFlw
      - name: Two
        subscribe: type = = "track"
        action: triggerStudioFlow
      - name: Three
        subscribe: type = "track"
        action: triggerStudioFlow
        mapping: {flowSid: {"@pathh": "$.x"}}
"""


def test_check_finds_every_error(destinations: Run, tmp_path: Path) -> None:
    """An unknown action, a wrong expression and a wrong directive come together, with line, column and nearest name."""
    path = tmp_path / "c.yaml"
    path.write_text(WRONG)
    result = destinations("check", path)
    assert 2 == result.exit_code
    assert f'{path}:9:17: destination "twilio-studio" has no action "triggerStudioFlw"' in result.stderr
    assert 'hint: did you mean "triggerStudioFlow"?' in result.stderr
    assert f"{path}:11:20: subscribe, line 1, column 8:" in result.stderr
    assert f"{path}:16:19:" in result.stderr
    assert '"@path"' in result.stderr
    assert "3 errors" in result.stderr


@pytest.mark.parametrize("command", ["check", "explain", "run", "auth-test"])
def test_secrets_are_never_printed(destinations: Run, command: str, tmp_path: Path) -> None:
    """No command prints a secret of a configuration that is wrong."""
    path = tmp_path / "c.yaml"
    path.write_text(WRONG)
    result = destinations(command, path, *(["-"] if command in {"explain", "run"} else []), stdin="{}")
    assert (2, False) == (result.exit_code, "canary" in result.output + result.stderr)


def test_unquoted_phone_number(destinations: Run, tmp_path: Path) -> None:
    """A phone number without quotes is refused with place and hint."""
    path = tmp_path / "c.yaml"
    path.write_text(WRONG.replace('{flowSid: {"@pathh": "$.x"}}', "{from: +15551234567}"))
    result = destinations("check", path)
    assert f"{path}:16:25: +15551234567 is a number without quotes" in result.stderr
    assert 'hint: put it in quotes, as in "+15551234567"' in result.stderr


def test_missing_variable(destinations: Run, tmp_path: Path) -> None:
    """A variable that is not set is named."""
    path = tmp_path / "c.yaml"
    path.write_text(WRONG.replace("canary-1", '"${env:NO_SUCH_TOKEN}"'))
    result = destinations("check", path)
    assert (2, True) == (result.exit_code, 'environment variable "NO_SUCH_TOKEN" is not set' in result.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "/no/such.yaml"], "cannot be read"),
        (["run", "{config}", "/no/such.ndjson"], "cannot be read"),
        (["describe", "twilio-stdio"], 'did you mean "twilio-studio"?'),
        (["schema", "confg"], 'did you mean "config"?'),
        (["demo", "--examples", "/no/such"], "no example"),
        (["run"], "Missing argument"),
        (["rnu"], "No such command"),
        (["run", "{config}", "-", "--concurrency", "0"], "concurrency"),
        (["run", "{config}", "-", "--store", "redis:x"], "redis"),
    ],
)
def test_usage_errors_exit_with_2(destinations: Run, config: Path, arguments: list[str], said: str) -> None:
    """Whatever is wrong before the first event exits with 2 and says what."""
    result = destinations(*(argument.format(config=config) for argument in arguments), stdin="")
    assert (2, True) == (result.exit_code, said in result.stderr)


def test_nothing_steers_the_terminal(destinations: Run, tmp_path: Path) -> None:
    """Control characters of a file are printed as escapes."""
    path = tmp_path / "c.yaml"
    path.write_text('destinations: {a: {destination: d, "x\\e[31m": 1}}')
    result = destinations("check", path)
    assert ("\x1b" in result.stderr, "\\x1b[31m" in result.stderr) == (False, True)


# --- looking ---------------------------------------------------------------------------------------------------------


def test_check_of_a_good_configuration(destinations: Run, config: Path) -> None:
    """A configuration without errors is listed and exits with 0."""
    document = json.loads(config.read_text())
    settings = document["destinations"]["shop"]["settings"]
    secrets = {key: settings[key] for key in ("authToken", "profileApiAccessToken")}
    document["destinations"]["shop"]["settings"] |= {key: f"${{env:{key}}}" for key in secrets}
    config.write_text(json.dumps(document))
    result = destinations("check", config, **secrets)
    assert (0, True) == (result.exit_code, "no errors, 0 warnings" in result.stderr)
    assert "follow-up" in result.stdout


def test_check_warns(destinations: Run, config: Path) -> None:
    """References outside settings, idle destinations and what Segment reads otherwise are warnings, not errors."""
    document = json.loads(config.read_text())
    first = document["destinations"]["shop"]["subscriptions"][0]
    first["mapping"]["parameters"] = {"x": "${env:HOME}"}
    first["subscribe"] = 'type = "track" or type = "page" and event = "x"'
    document["destinations"]["idle"] = document["destinations"]["shop"] | {"subscriptions": []}
    config.write_text(json.dumps(document))
    result = destinations("check", config)
    assert (0, True, True) == (
        result.exit_code,
        "${env:HOME} stays as it is" in result.stderr,
        'destination "idle" has no enabled subscription' in result.stderr,
    )
    assert ("Segment" in result.stderr, "Segment" in destinations("check", config, "--no-segment").stderr) == (
        True,
        False,
    )


def test_explain_says_which_step_decides(destinations: Run, config: Path, line: Line) -> None:
    """A miss shows the clause, the value that it read and the edit that would match; a hit the payload and cooldown."""
    miss = destinations("explain", config, "-", stdin=line("e1", "jane", "Order Refunded"))
    text = " ".join(miss.stdout.split())
    assert "not triggered: the expression does not match" in text
    assert 'no event = "Order Completed" event is "Order Refunded"' in text
    assert "to match:" in text
    hit = " ".join(destinations("explain", config, "-", stdin=line("e2", "jane")).stdout.split())
    assert ("would be performed" in hit, "cooldown: 300 seconds" in hit, 'userId: "jane"' in hit) == (True, True, True)


def test_explain_as_json(destinations: Run, config: Path, line: Line) -> None:
    """With --json each subscription is a line with the step that decided."""
    result = destinations("explain", config, "-", "--json", stdin=line("j1", "jane") + line("j2", "jane", "x"))
    steps = [(one["messageId"], one["step"]) for one in map(json.loads, result.stdout.splitlines())]
    assert [("j1", "ready"), ("j2", "match")] == steps


def test_explain_shows_no_phone_number(destinations: Run, config: Path, line: Line) -> None:
    """Neither the document nor the payload has one in full, as text and as JSON."""
    for options in ([], ["--json"]):
        shown = destinations("explain", config, "-", *options, stdin=line("e1", "jane")).stdout
        assert (False, True) == (re.search(r"\+1555[0-9]{7}", shown) is not None, "+1******" in shown)


def test_list_and_describe(destinations: Run) -> None:
    """An installed destination is listed with its origin, and described in full."""
    listed = destinations("list", "--json")
    row = next(one for one in json.loads(listed.stdout) if one["slug"] == "twilio-studio")
    assert (None, True) == (row["reason"], row["origin"].startswith("destination-actions-twilio-studio "))
    described = destinations("describe", "twilio-studio").stdout
    assert {"accountSid", "triggerStudioFlow", "coolingOffPeriod", "Preset"} <= set(described.split())


def test_description_keeps_to_its_schema(destinations: Run) -> None:
    """What `describe --json` prints is what `schema destination` promises."""
    description = json.loads(destinations("describe", "actions-twilio-studio", "--json").stdout)
    Draft202012Validator(json.loads(destinations("schema", "destination").stdout)).validate(description)
    keys = [field["key"] for field in description["actions"][0]["payload"]["fields"]]
    assert "coolingOffPeriod" in keys


def test_auth_test(destinations: Run, config: Path) -> None:
    """Credentials that work exit with 0, wrong ones with 1; neither prints them."""
    good = destinations("auth-test", config)
    document = json.loads(config.read_text())
    document["destinations"]["shop"]["settings"] |= {"authToken": "wrong-canary"}
    config.write_text(json.dumps(document))
    bad = destinations("auth-test", config)
    assert (0, 1, False) == (good.exit_code, bad.exit_code, "canary" in bad.output)


# --- the real command ------------------------------------------------------------------------------------------------


def run_command(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the installed command."""
    return subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=False, **options)


def test_the_installed_command() -> None:
    """`destinations --help` lists every command and the exit codes."""
    result = run_command("--help")
    assert 0 == result.returncode
    for word in (*COMMANDS, "Exit codes"):
        assert word in result.stdout


def test_a_silent_stream_does_not_hold_back_what_came(config: Path, line: Line) -> None:
    """An event on standard input is delivered while the stream stays open."""
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    arguments = [COMMAND, "run", str(config), "-", "--json"]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environ
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        run.stdin.write(line("q1", "jane", "Other"))
        run.stdin.flush()
        first = json.loads(run.stdout.readline())
        assert ("q1", None) == (first["messageId"], run.poll())
        run.stdin.close()
        assert 0 == run.wait()


NEVER = """\
destinations:
  shop:
    destination: twilio-studio
    settings: {accountSid: AC00000000000000000000000000000000, authToken: "${env:T}", spaceId: s,
      profileApiAccessToken: "${env:T}"}
    subscriptions:
      - name: One
        subscribe: type = "track"
        action: triggerStudioFlow
        mapping:
          flowSid: ../../x
          coolingOffPeriod: -5
          userId: {"@path": userId}
          to: {"@if": {"exists": {"@path": a}, "then": 5}}
      - name: Two
        subscribe: type = "track"
        preset: Support workflow
        mapping: {flowSid: FW00000000000000000000000000000000, from: "+15551234567", coolingOffPeriod: "60"}
"""


def test_values_that_no_event_can_mend(destinations: Run, tmp_path: Path) -> None:
    """A constant that the field refuses, a required field without a value, or a value that never fits, is a warning."""
    path = tmp_path / "c.yaml"
    path.write_text(NEVER)
    result = destinations("check", path, COLUMNS="200", T="t")
    warned = [line.removeprefix(f"warning: {path}:") for line in result.stderr.splitlines() if "no event" in line]
    assert ["10:9", "11:20", "12:29"] == sorted(line.split(": ")[0] for line in warned), result.stderr
    assert (0, True) == (result.exit_code, "4 warnings" in result.stderr)
