"""`@liquid`, when python-liquid is installed."""

from __future__ import annotations

from .._directive import Directive

DIRECTIVES: tuple[Directive, ...] = ()
