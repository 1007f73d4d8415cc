"""A plugin that tries to connect, sleeps and prints while it is imported."""

from __future__ import annotations

import socket
import time
from contextlib import suppress

from destination_actions import FieldSet, Secret, field

with suppress(OSError):
    socket.create_connection(("127.0.0.1", 9), timeout=0.01)
time.sleep(0.001)
print("loading")


class Settings(FieldSet):
    """As the model's."""

    account: str = field("Account", "The account's name.")
    token: Secret = field("Token", "Of the account.", minimum=12)
