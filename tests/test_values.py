"""Values that are made quickly: they behave as the frozen dataclasses that they are."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from typing import Any

import pytest
from destination_actions.values import light, maker, part_maker


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What the light one adds to."""

    name: str


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Light(Base):
    """One with every kind of field."""

    size: int
    rate: float = 1.5
    tags: list[str] = field(default_factory=list)


@light
@dataclass(frozen=True, slots=True)
class Mixed:
    """One whose fields are positional, but for the last."""

    key: str
    number: int = 3
    note: str = field(default="", repr=False, compare=False, kw_only=True)


def test_fields_are_set_by_position_and_by_name_and_have_their_defaults() -> None:
    """Each value has a list of its own."""
    assert ("n", 1, 1.5, []) == tuple(
        getattr(Light(name="n", size=1), name) for name in ("name", "size", "rate", "tags")
    )
    first, second = Light(name="n", size=1), Light(name="n", size=1, tags=["a"])
    assert first.tags is not Light(name="n", size=1).tags
    assert ["a"] == second.tags
    assert (Mixed("k"), Mixed("k", 4)) == (Mixed(key="k", number=3), Mixed("k", number=4, note="other"))


@pytest.mark.parametrize("value", [Light(name="n", size=1), Mixed("k", note="x")])
def test_it_is_frozen_and_of_its_own_class(value: Any) -> None:
    """No field can be set or deleted, and there is no place for others."""
    for name in (type(value).__slots__[0], "other"):
        with pytest.raises((FrozenInstanceError, TypeError)):
            setattr(value, name, 2)
    with pytest.raises(FrozenInstanceError):
        delattr(value, type(value).__slots__[0])
    assert type(value) in {Light, Mixed}


@pytest.mark.parametrize("value", [Light(name="n", size=1, tags=["a"]), Mixed("k", 5, note="x")])
def test_it_is_copied_pickled_replaced_and_shown_like_any_dataclass(value: Any) -> None:
    """And is equal to each of its copies."""
    assert value == copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == replace(value)
    assert "Light(name='n', size=1, rate=1.5, tags=['a'])" in [repr(value), repr(Light(name="n", size=1, tags=["a"]))]
    assert hash(Mixed("k", 5)) == hash(Mixed("k", 5, note="y"))


def test_its_signature_is_that_of_the_dataclass() -> None:
    """With the same names, kinds, defaults and types, for documentation and editors."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Light(Base):
        size: int
        rate: float = 1.5
        tags: list[str] = field(default_factory=list)

    assert str(inspect.signature(Light)) == str(inspect.signature(globals()["Light"]))


@pytest.mark.parametrize("arguments", [{}, {"name": "n"}, {"name": "n", "size": 1, "other": 2}])
def test_what_is_missing_or_unknown_is_refused(arguments: dict[str, Any]) -> None:
    """As Python says it, with the names of the class and the field."""
    with pytest.raises(TypeError, match=r"Light.__init__\(\) (missing|got an unexpected)"):
        Light(**arguments)
    with pytest.raises(TypeError, match="takes from 2 to 3 positional"):
        Mixed("k", 1, "note")  # type: ignore[misc]


def test_a_subclass_of_a_light_one_has_its_own_fields() -> None:
    """It sets them itself, and is of its own class; as is one that adds nothing but methods."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class More(Light):
        more: int = 7

    class Other(Light):
        """A plain subclass."""

    more, other = More(name="n", size=1), Other(name="n", size=1)
    assert (7, "n", More) == (more.more, more.name, type(more))
    assert ([], 1, Other) == (other.tags, other.size, type(other))


def test_a_value_that_fails_to_be_made_leaves_nothing() -> None:
    """A factory that raises is the caller's to see."""

    @light
    @dataclass(frozen=True, slots=True)
    class Broken:
        part: Any = field(default_factory=lambda: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        Broken()
    assert [] == [one for one in gc.get_objects() if type(one) is Broken]


@dataclass(slots=True)
class Changing:
    """One that is not frozen, with a default and a factory."""

    key: str
    count: int = 0
    seen: list[str] = field(default_factory=list)


def test_a_maker_makes_what_the_class_makes() -> None:
    """By position and by name, with the same defaults, of the same class, and as frozen."""
    light, mixed, changing = maker(Light), maker(Mixed), maker(Changing)
    assert Light(name="n", size=1) == light(name="n", size=1)
    assert Light(name="n", size=1, rate=2.0, tags=["a"]) == light(name="n", size=1, rate=2.0, tags=["a"])
    assert [Mixed("k"), Mixed("k", 4, note="x")] == [mixed("k"), mixed(key="k", number=4, note="x")]
    assert repr(Mixed("k", 4, note="x")) == repr(mixed("k", 4, note="x"))
    assert Changing("k", 2) == changing("k", 2)
    assert changing("k").seen is not changing("k").seen
    assert [Light, Mixed, Changing] == [type(one) for one in (light(name="n", size=1), mixed("k"), changing("k"))]
    with pytest.raises(FrozenInstanceError):
        mixed("k").key = "other"  # type: ignore[misc]


def test_a_maker_refuses_arguments_that_the_class_refuses() -> None:
    """One that is missing, one too many, and one by position that goes by name alone."""
    for arguments, options in [((), {}), (("k", 1, "note"), {}), (("k",), {"other": 1})]:
        with pytest.raises(TypeError):
            Mixed(*arguments, **options)
        with pytest.raises(TypeError):
            maker(Mixed)(*arguments, **options)


def test_there_is_no_maker_for_a_kind_that_does_more_than_keep_its_fields() -> None:
    """It would be left out: what comes after `__init__`, and the guard of one that is frozen and not light."""

    @dataclass(slots=True)
    class After:
        key: str

        def __post_init__(self) -> None:
            self.key = self.key.upper()

    for kind in (After, Base):
        with pytest.raises(TypeError, match=f"no maker for {kind.__name__}"):
            maker(kind)


def test_a_maker_of_some_slots_leaves_the_others_empty() -> None:
    """And the value is as frozen as any."""

    class Late(Mixed):
        __slots__ = ("extra",)

    made = part_maker(Late, ("extra", "key"))("x", "k")
    assert (Late, "x", "k") == (type(made), made.extra, made.key)
    assert not hasattr(made, "number")
    with pytest.raises(FrozenInstanceError):
        made.key = "other"
