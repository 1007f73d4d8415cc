"""What goes into a column comes out equal, whatever JSON allows."""

import math
from types import MappingProxyType
from typing import Any

import pytest
from destination_actions.stores.sqlite.codec import decoded, encoded
from hypothesis import given
from hypothesis import strategies as st

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_json_comes_back(value: Any) -> None:
    """Decoding what was encoded gives the value, of the same type."""
    assert repr(decoded(encoded(value))) == repr(value)


@pytest.mark.parametrize("value", [2**64, -(2**200), [2**63 - 1, -(2**63), 2**64 - 1], "\ud800", {"\udfff": 1}, -0.0])
def test_what_one_library_cannot_carry(value: Any) -> None:
    """Integers beyond 64 bits stay integers, and lone surrogates stay what they are."""
    assert repr(decoded(encoded(value))) == repr(value)


def test_frozen_mappings_are_objects() -> None:
    """Any mapping is an object, at every depth, beside integers of any size too."""
    frozen = MappingProxyType({"a": MappingProxyType({"b": 2**70})})
    assert decoded(encoded(frozen)) == {"a": {"b": 2**70}}


def test_what_is_not_json_is_refused() -> None:
    """Other types are an error of the caller, not a silent text."""
    with pytest.raises(TypeError, match="type object is not JSON"):
        encoded({"x": object()})
    assert math.isfinite(decoded(encoded(1e308)))
