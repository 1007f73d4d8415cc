"""Exit codes, and the one place where exceptions become them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

import typer

from destination_actions.cli.console import print_error
from destination_actions.errors import ConfigurationError, DestinationActionsError

OK: Final = 0
DELIVERIES: Final = 1
CONFIGURATION: Final = 2
INPUT: Final = 3
INTERRUPTED: Final = 130
PIPE_CLOSED: Final = 141

P = ParamSpec("P")


def exits(command: Callable[P, int | None]) -> Callable[P, None]:
    """Let a command return its exit code, and print errors as people need them."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        raise typer.Exit(_code(lambda: command(*args, **kwargs)))

    return run


def _code(command: Callable[[], int | None]) -> int:
    try:
        code = command() or OK
        sys.stdout.flush()
    except ConfigurationError as error:
        print_error(error)
        return CONFIGURATION
    except DestinationActionsError as error:
        print_error(error)
        return DELIVERIES
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return code
