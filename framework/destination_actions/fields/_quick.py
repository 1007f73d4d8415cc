"""The quick way to a payload: code of a FieldSet's own that takes documents which are right, and no others.

Most documents are. For them the general way walks rows, reports what it changes, and asks the JSON Schema about a
document as a whole; here the class's fields are written out as Python. What is not exactly as expected makes the code
give None, and then `Compiled.check` decides and says why, so this code need not know everything: it may refuse what is
right and must not take what is wrong. A law in the tests holds both against each other.

`quick_from` writes the same code around what would fill the document, so that there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from destination_actions.fields._document import Document
from destination_actions.fields._quick_bounds import Bounds
from destination_actions.fields._quick_code import Writer
from destination_actions.fields._specs import FieldSpec
from destination_actions.generated import Code, Whole

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

Quick: TypeAlias = "Callable[[Any], FieldSet | None]"
"""From a document to the typed value of it, or None."""


def quick_of(owner: type[FieldSet], specs: Sequence[FieldSpec], *, additional: bool) -> Quick | None:
    """Write the code of a class, or give None where the general way is needed for all of its documents."""
    if additional or any(_is_special(spec) for spec in specs):
        return None
    code = Code()
    code.line("if type(document) is not dict: return None", "get = document.get")
    made = Writer(code).made(owner, Document("get"))
    return code.function("document", result=made)


def quick_from(owner: type[FieldSet], whole: Whole) -> Quick | None:
    """Write the code of a class around what fills its documents; None where that cannot be, or would say too little."""
    if owner.__compiled__.quick is None or not whole.keys() <= owner.__compiled__.by_key.keys():
        return None
    bounds = Bounds.of(owner, whole.limit)
    if bounds is None:
        return None
    return whole.function(lambda code: Writer(code, bounds).whole(owner, whole))


def _is_special(spec: FieldSpec) -> bool:
    """Whether a field needs the general way: parsed moments, conditions, and objects that need it themselves."""
    conditional = not isinstance(spec.required, bool) or spec.depends_on is not None
    nested = spec.properties is not None and spec.properties.__compiled__.quick is None
    return spec.parsed or conditional or nested
