"""Installed plugins: what `discover` says of each, and what stops a start."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from destination_actions import AsyncRuntime, load_destination
from destination_actions.errors import ConfigurationError, PluginError
from destination_actions.plugins import Plugins, discover, hookimpl

Install = Callable[..., str]

FAULTS = {
    "syntax": ("def (:", "import failed: SyntaxError: "),
    "leaves": ("import sys; sys.exit(3)", "import failed: SystemExit: 3"),
    "lacks": ("import nosuchmodule_xyz", "import failed: ModuleNotFoundError: No module named 'nosuchmodule_xyz'"),
    "endless": ("def f(): f()\nf()", "import failed: RecursionError: "),
    "hookless": ("x = 1", "it implements none of the hooks; mark functions with @hookimpl"),
    "none": ("@hookimpl\ndef register_destinations(): return None", "register_destinations gives no destination"),
    "empty": ("@hookimpl\ndef register_destinations(): return []", "register_destinations gives no destination"),
    "number": ("@hookimpl\ndef register_destinations(): return 5", "must give a list of Destination, not 5 (int)"),
    "texts": ("@hookimpl\ndef register_destinations(): return ['x']", "must give a list of Destination, not 'x' (str)"),
    "raises": (
        "@hookimpl\ndef register_destinations(): raise SystemExit(9)",
        "register_destinations failed: SystemExit: 9",
    ),
    "badslug": ("@hookimpl\ndef register_destinations(): return [made('A B')]", "destination slug 'A B' does not have"),
    "asks": (
        "@hookimpl\ndef register_destinations(wish): return []",
        "Argument(s) {'wish'} are declared in the hookimpl",
    ),
    "unmade": (
        "@hookimpl\ndef register_destinations(): return [Destination.__new__(Destination)]",
        "its definition cannot be read: AttributeError: ",
    ),
    "unclear": (
        "@hookimpl\ndef register_destinations(): return [made('unclear', presets=5)]",
        "register_destinations failed: TypeError: ",
    ),
    "functionless": (
        "@hookimpl\ndef register_destinations(): return [made('functionless', origins='https://a.test')]",
        "origins must be a function, not 'https://a.test'",
    ),
    "lines": ("raise Exception('one\\ntwo')", "import failed: Exception: one; two"),
    "unfit": (
        "class A(FieldSet):\n    x: str",
        "import failed: DefinitionError: A.x is not declared with field(...); hint: or annotate it as ClassVar",
    ),
    "misspelt": ("@hookimpl\ndef register_destination(): return []", "unknown hook 'register_destination'"),
}


def only_row(slug: str) -> Any:
    """The one row of a slug."""
    [row] = [row for row in discover().rows if row.slug == slug]
    return row


@pytest.mark.parametrize("name", FAULTS)
def test_a_plugin_that_cannot_be_used_is_a_row(install: Install, name: str) -> None:
    """Its row names origin and reason in one line; the destinations of others can be used."""
    source, reason = FAULTS[name]
    origin = install(name, source)
    row = only_row(name)
    assert (origin, False, True) == (row.origin, row.ok, reason in row.reason), row.reason
    assert (False, False) == ("\n" in row.reason, origin in row.reason)
    assert only_row("twilio-studio").ok


@pytest.mark.parametrize("name", FAULTS)
def test_it_stops_the_start_only_if_it_is_needed(install: Install, name: str) -> None:
    """A subscription that names it gets origin and reason; another destination starts, under its slug and alias."""
    source, reason = FAULTS[name]
    origin = install(name, source)
    with pytest.raises(PluginError) as caught:
        load_destination(name)
    assert (True, True) == (origin in str(caught.value), reason in str(caught.value))
    assert "twilio-studio" == load_destination("actions-twilio-studio").slug


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("plain:nosuch", "import failed: AttributeError: "),
        ("nosuchmodule_xyz", "import failed: ModuleNotFoundError: "),
        ("not a module", '"not a module" does not have the form module or module:object'),
    ],
)
def test_an_entry_point_that_leads_nowhere(install: Install, value: str, reason: str) -> None:
    """The row says what is wrong with the entry point."""
    install("plain", "", value=value)
    assert reason in only_row("plain").reason


def test_ctrl_c_while_plugins_are_imported(install: Install) -> None:
    """An interrupt is for the user, not a fault of the plugin."""
    install("interrupts", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        discover()


def test_a_taken_slug(install: Install) -> None:
    """The second plugin's row names the first; a subscription that needs the slug is stopped, others are not."""
    first = install("aaa", "@hookimpl\ndef register_destinations(): return [made('same')]", "same")
    second = install("bbb", "@hookimpl\ndef register_destinations(): return [made('same')]", "same")
    rows = [(row.origin, row.reason) for row in discover().rows if row.slug == "same"]
    assert [(first, None), (second, f'the slug "same" is taken by {first}; remove one of them')] == rows
    with pytest.raises(PluginError, match="cannot be used"):
        load_destination("same")
    assert "twilio-studio" == load_destination("twilio-studio").slug


def test_a_taken_alias(install: Install) -> None:
    """A destination whose alias is taken is a row that names the alias, not its slug."""
    first = install("aaa", "@hookimpl\ndef register_destinations(): return [made('aaa', aliases=('old',))]")
    install("bbb", "@hookimpl\ndef register_destinations(): return [made('bbb', aliases=('old',))]")
    assert f'the alias "old" is taken by {first}; remove one of them' == only_row("bbb").reason


def test_an_alias_that_is_no_entry_point(install: Install) -> None:
    """A destination is found by any of its aliases, and what other plugins break does not matter."""
    install("aaa", "@hookimpl\ndef register_destinations(): return [made('aaa', aliases=('old-name',))]")
    install("zzz", "@hookimpl\ndef register_directives(): return 5\n@hookimpl\ndef register_stores(): return 7")
    assert "aaa" == load_destination("old-name").slug
    subscription = {"name": "s", "action": "go", "subscribe": 'type = "track"'}
    assert AsyncRuntime("old-name", subscriptions=[subscription]).plan.subscriptions


def test_an_entry_point_of_another_name(install: Install) -> None:
    """The destination can be used, and a row says that the entry point's name leads nowhere."""
    install("aaa", "@hookimpl\ndef register_destinations(): return [made('other')]")
    assert "the plugin provides other, not what its entry point names" == only_row("aaa").reason
    assert (True, "other") == (only_row("other").ok, load_destination("other").slug)


def test_two_names_of_one_plugin(install: Install) -> None:
    """A plugin may have an entry point for each of its names."""
    install("aaa", "@hookimpl\ndef register_destinations(): return [made('one'), made('two')]", "one", "two")
    assert [("one", None), ("two", None)] == [(r.slug, r.reason) for r in discover().rows if r.origin.startswith("aaa")]
    assert ("one", "two") == (load_destination("one").slug, load_destination("two").slug)


def test_only_what_is_named_is_imported(install: Install) -> None:
    """A destination is loaded without importing any other plugin."""
    install("bystander", "raise AssertionError")
    load_destination("twilio-studio")
    assert "bystander" not in sys.modules


def test_an_unknown_name() -> None:
    """It is answered with the nearest, or with how to get it."""
    with pytest.raises(PluginError) as near:
        load_destination("twilio-studoi")
    with pytest.raises(PluginError) as far:
        load_destination("qqqqqqqq")
    assert ('did you mean "twilio-studio"?', "install the distribution that provides it") == (
        near.value.hint,
        far.value.hint,
    )


def test_a_plugin_with_a_directive_only_is_no_fault(install: Install) -> None:
    """What adds directives, stores, commands or observers needs no destination and has no row."""
    install("quiet", "@hookimpl\ndef register_directives(): return []")
    assert [] == [row for row in discover().rows if row.origin.startswith("quiet")]


def test_observers_get_what_they_name() -> None:
    """An observer may leave out arguments and order them as it likes."""
    seen: list[Any] = []

    class Late:
        @hookimpl
        def delivery_settled(self, seconds: float, outcome: Any) -> None:
            seen.append((seconds, outcome))

    class Brief:
        @hookimpl
        def delivery_settled(self, outcome: Any) -> None:
            seen.append(outcome)

    for observe in Plugins({"late": Late(), "brief": Brief()}).observers():
        observe("outcome", 0.5)  # type: ignore[arg-type]
    assert {"outcome", (0.5, "outcome")} == set(seen)


def test_a_needed_plugin_with_a_broken_directive_is_named(install: Install) -> None:
    """A directive of a taken name stops the start of a subscription that needs the plugin, and names both."""
    origin = install(
        "taker",
        "from destination_actions.mapping import BUILTIN_DIRECTIVES\n"
        "@hookimpl\ndef register_directives(): return list(BUILTIN_DIRECTIVES.values())[:1]\n"
        "@hookimpl\ndef register_destinations(): return [made('taker')]",
    )
    with pytest.raises(ConfigurationError, match="is claimed by") as caught:
        AsyncRuntime("taker")
    assert origin in str(caught.value)


DIRECTIVE = """
from destination_actions.mapping import BUILTIN_DIRECTIVES
from dataclasses import replace

@hookimpl
def register_directives():
    return [replace(BUILTIN_DIRECTIVES["@literal"], name="@echo")]
"""

STORE = """
@hookimpl
def register_stores():
    from destination_actions.stores import BUILTIN_STORES
    return {"elsewhere": lambda url, clock, times: BUILTIN_STORES["memory"]("memory:", clock, times)}
"""

TARGET = """
@hookimpl
def register_destinations():
    from destination_actions import field

    class Payload(FieldSet):
        text: str = field("Text")

    go = Action(slug="go", title="Go", payload=Payload, perform=perform)
    return [Destination(slug="target", name="Target", settings=Empty, actions=(go,))]
"""


async def test_a_directive_of_another_installed_plugin(install: Install) -> None:
    """A mapping may use it: the plugin that provides it is looked for; others, broken ones too, are left alone."""
    install("target", TARGET)
    install("broken", "raise AssertionError")
    install("directives", DIRECTIVE)
    subscription = {"name": "s", "action": "go", "subscribe": 'type = "track"', "mapping": {"text": {"@echo": "hi"}}}
    async with AsyncRuntime("target", subscriptions=[subscription]) as runtime:
        [outcome] = await runtime.send({"type": "track"})
    assert "delivered" == outcome.outcome


async def test_a_store_of_another_installed_plugin(install: Install) -> None:
    """A store URL may name its scheme."""
    install("target", TARGET)
    install("storing", STORE)
    subscription = {"name": "s", "action": "go", "subscribe": 'type = "track"', "mapping": {"text": "hi"}}
    async with AsyncRuntime("target", subscriptions=[subscription], stores="elsewhere:") as runtime:
        [outcome] = await runtime.send({"type": "track"})
    assert "delivered" == outcome.outcome


def test_nothing_is_imported_for_known_directives(install: Install) -> None:
    """A mapping of built-in directives imports no bystander; an unknown one is refused as ever."""
    install("target", TARGET)
    install("bystander", "")
    subscription = {"name": "s", "action": "go", "subscribe": 'type = "track"', "mapping": {"text": {"@path": "a"}}}
    AsyncRuntime("target", subscriptions=[subscription])
    assert "bystander" not in sys.modules
    with pytest.raises(ConfigurationError, match="there is no directive"):
        AsyncRuntime("target", subscriptions=[subscription | {"mapping": {"text": {"@nosuch": 1}}}])
