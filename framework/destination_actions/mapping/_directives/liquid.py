"""`@liquid`, when python-liquid is installed."""

from __future__ import annotations

from importlib.util import find_spec

from .._directive import CompileContext, Directive
from .._paths import Resolver


def _liquid(context: CompileContext, argument: str) -> Resolver:
    if len(argument) > context.limits.liquid_template:
        return context.error(
            f"a Liquid template has at most {context.limits.liquid_template:,} characters, this has {len(argument):,} "
            "(limit: liquid_template)"
        )
    try:  # python-liquid is an extra, and slow to import
        from .._liquid import compile_liquid
    except ImportError:
        return context.error(
            "another package has the name of python-liquid",
            hint='pip uninstall liquidpy, then "destination-actions[liquid]"',
        )
    return compile_liquid(context, argument)


_EVENT = {"event": "Order Completed", "properties": {"total": 27.5, "tags": ["a", "b"]}}

DIRECTIVES = (
    (
        Directive(
            name="@liquid",
            schema={"type": "string", "description": "A Liquid template of at most 1,000 characters."},
            compile=_liquid,
            summary="A text made by a Liquid template, without loops; needs the extra `[liquid]`.",
            example=(
                {"@liquid": "{{ event | upcase }}: {{ properties.total | times: 2 }}"},
                _EVENT,
                "ORDER COMPLETED: 55",
            ),
        ),
    )
    if find_spec("liquid")
    else ()
)
