"""Writing the code that takes the fields of a FieldSet from wherever their values are."""

from __future__ import annotations
