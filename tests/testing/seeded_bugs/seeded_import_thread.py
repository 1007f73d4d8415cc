"""A plugin that starts a thread while it is imported."""

from __future__ import annotations

import threading

from destination_actions import FieldSet, Secret, field

threading.Thread(target=threading.Event().wait, daemon=True).start()


class Settings(FieldSet):
    """As the model's."""

    account: str = field("Account", "The account's name.")
    token: Secret = field("Token", "Of the account.", minimum=12)
