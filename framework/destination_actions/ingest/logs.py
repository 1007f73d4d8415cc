"""Structured logs: one JSON object a line on standard error, without secrets and with personal data masked."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import QueueHandler
from queue import Full, Queue
from threading import Thread
from typing import Any, Final, TextIO

from destination_actions.http import Redactor, mask_phones
from destination_actions.outcomes import iso

WAITING: Final = 10_000
"""Records that wait for a slow log; more are dropped and counted."""

LAST: Final = 2.0
"""Seconds that a slow log has at the end."""

_EMAIL: Final = re.compile(r"\b([A-Za-z0-9])[A-Za-z0-9._%+-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})")


def masked(text: str) -> str:
    """Text with phone numbers and mail addresses masked, such as `+1******1234` and `j***@example.com`."""
    return _EMAIL.sub(r"\1***@\2", mask_phones(text))


class JsonLines(logging.Formatter):
    """A record as one line of ASCII JSON; whatever could steer a terminal or begin a line is escaped.

    `redactor` gives the one of the moment, so that a reloaded configuration's secrets are covered too.
    """

    def __init__(self, redactor: Callable[[], Redactor]) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, the members of `extra={"fields": ...}`, and the traceback of an exception."""
        line: dict[str, Any] = {
            "time": iso(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(self._clean(line), separators=(",", ":"), default=str).replace("\x7f", "\\u007f")

    def _clean(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): self._clean(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self._clean(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return masked(self._redactor().text(str(value)))


class _Patient(QueueHandler):
    """Hands records to a thread; drops them when the log is slower than they come, and says how many."""

    def __init__(self, queue: Queue[Any]) -> None:
        super().__init__(queue)
        self._lost = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Leave the record as it is: it stays in this process."""
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Add without waiting."""
        try:
            if self._lost:
                record.fields = {**getattr(record, "fields", {}), "lost": self._lost}
            self.queue.put_nowait(record)
            self._lost = 0
        except Full:
            self._lost += 1


def _written(waiting: Queue[Any], handler: logging.Handler) -> None:
    """Write records until the last, which is None."""
    while (record := waiting.get()) is not None:
        handler.handle(record)


def log_to(stream: TextIO, redactor: Callable[[], Redactor], level: int = logging.INFO) -> Callable[[], None]:
    """Send the logs of this package and of what it runs on to a stream as JSON lines. Gives what ends it."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines(redactor))
    waiting: Queue[Any] = Queue(WAITING)
    front = _Patient(waiting)
    writer = Thread(target=_written, args=(waiting, handler), name="log", daemon=True)
    loggers = [logging.getLogger(name) for name in ("destination_actions", "aiohttp", "asyncio", "py.warnings")]
    for logger in loggers:
        logger.addHandler(front)
        logger.setLevel(level)
        logger.propagate = False
    writer.start()

    def end() -> None:
        for logger in loggers:
            logger.removeHandler(front)
            logger.propagate = True
        with suppress(Full):
            waiting.put(None, timeout=LAST)
            writer.join(LAST)

    return end
