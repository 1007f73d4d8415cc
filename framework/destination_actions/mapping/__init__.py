"""Mappings: JSON in which directives stand for what is read from an event.

`compile_mapping` finds everything that is wrong with one, once; `Mapping.resolve` turns each event into a document. The
language is described in `docs/reference/mapping.md`. Nothing here does any input or output.
"""

from ._arguments import NODE, OBJECT, TEXT
from ._directive import CompileContext, Directive
from ._directives import BUILTIN_DIRECTIVES
from ._limits import MAPPING_LIMITS, Frame, MappingLimits, ResolveError
from ._mapping import Mapping, compile_mapping
from ._paths import Resolver
from ._schema import mapping_schema
from ._values import js_number

__all__ = [
    "BUILTIN_DIRECTIVES",
    "MAPPING_LIMITS",
    "NODE",
    "OBJECT",
    "TEXT",
    "CompileContext",
    "Directive",
    "Frame",
    "Mapping",
    "MappingLimits",
    "ResolveError",
    "Resolver",
    "compile_mapping",
    "js_number",
    "mapping_schema",
]
