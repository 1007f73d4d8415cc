"""The public surface is what `__all__` names, and nothing is loaded before it is used."""

from __future__ import annotations

import subprocess
import sys

import destination_actions
import pytest

PROMISED = set(
    """
    Accepted Action AsyncRuntime Authentication AuthenticationFailed Context Cooldown Delivered Destination Failed
    FieldSet Filtered Invalid Preset Refused Rejected Runtime Secret Suppressed TryAgain Unknown compile_mapping
    compile_subscription field fieldset_from_json hookimpl load_destination MISSING MappingError SubscriptionError
    """.split()  # noqa: SIM905 - names in a block read better
)


def test_what_is_promised_is_there() -> None:
    """Every name that the documents promise is public."""
    assert set() == PROMISED - set(destination_actions.__all__)


@pytest.mark.parametrize("name", destination_actions.__all__)
def test_a_public_name_resolves(name: str) -> None:
    """Each name gives an object, every time the same."""
    assert getattr(destination_actions, name) is getattr(destination_actions, name)
    assert name in dir(destination_actions)


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelled import fails as Python's own do."""
    with pytest.raises(AttributeError, match="no attribute 'Acton'"):
        _ = destination_actions.Acton


def test_importing_the_package_loads_no_library() -> None:
    """The root alone imports neither an HTTP library nor a validator, so that commands start quickly."""
    code = "import sys, destination_actions; print([m for m in ('aiohttp', 'httpx', 'jsonschema') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "[]" == shown.strip()


def test_the_command_starts_without_what_it_does_not_need() -> None:
    """Building the command line imports no HTTP library and no validator; delivering imports none but what it uses."""
    names = "('aiohttp', 'httpx', 'jsonschema')"
    code = f"import sys, destination_actions.cli.app; print([m for m in {names} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "[]" == shown.strip()
    code = "import sys, destination_actions.runtime; print('aiohttp' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "False" == shown.strip()
