"""Documentation pages: they say everything that is declared, and the example on each works."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from destination_actions import AsyncRuntime, Destination, Guide, Note, load_destination
from destination_actions.checking import check_file
from destination_actions.cli.app import build
from destination_actions.config import load_config
from destination_actions.describe import describe
from destination_actions.errors import DefinitionError
from destination_actions.pages import as_html, catalogue, example_configuration, example_text, page
from destination_actions.testing import example_settings
from notes import destination as notes
from typer.testing import CliRunner

SLUGS = ("slack", "twilio-studio", "webhook")


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(build(list(arguments)), list(arguments))


def plain(markdown: str) -> str:
    """The words of Markdown without its escapes, on one line."""
    return re.sub(r"\\([\\`*_{}\[\]<>|#])", r"\1", " ".join(markdown.split()))


def facts(value: Any) -> Iterator[str]:
    """Every text of a description that a reader wants: keys, labels, descriptions, triggers."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in {"key", "label", "description", "title", "text", "name", "slug", "subscribe"} and one:
                yield str(one)
            elif key not in {"schema", "example", "defaultMapping", "mapping", "choices"}:
                yield from facts(one)
    elif isinstance(value, list):
        for one in value:
            yield from facts(one)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_page_says_all_that_is_declared(slug: str) -> None:
    """Every name, label, description, trigger and note of the definition is on the page."""
    found = load_destination(slug)
    words = plain(page(found))
    assert [] == [fact for fact in facts(describe(found)) if plain(fact) not in words]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_example_is_a_configuration(slug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example on a page is one that the check finds nothing wrong with."""
    found = load_destination(slug)
    text = example_text(found)
    assert text in page(found)
    assert example_configuration(found) == yaml.safe_load(text)
    values = example_settings(found)
    for key, name in re.findall(r"(\w+): \$\{env:(\w+)\}", text):
        monkeypatch.setenv(name, str(values[key]))
    (tmp_path / "c.yaml").write_text(text)
    report = check_file(tmp_path / "c.yaml", segment=False)
    assert [] == [one.to_json() for one in report.findings]


async def test_the_studio_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The post-purchase example starts the Flow once, and not again within its 300 seconds."""
    found = load_destination("twilio-studio")
    assert found.sandbox is not None
    one = dict(example_configuration(found)["destinations"]["post-purchase"])
    assert 300 == one["subscriptions"][0]["mapping"]["coolingOffPeriod"]
    async with found.sandbox() as settings:
        (tmp_path / "c.yaml").write_text(yaml.safe_dump({"destinations": {"shop": one | {"settings": dict(settings)}}}))
        async with AsyncRuntime.from_config(load_config(tmp_path / "c.yaml")) as runtime:
            event = {"type": "track", "event": "Order Completed", "userId": "jane", "properties": {"order_id": "1"}}
            outcomes = [await runtime.send(event | {"messageId": name}) for name in ("m-1", "m-2")]
    assert ["delivered", "suppressed"] == [outcome.outcome for (outcome,) in outcomes]


def test_the_studio_page_covers_what_its_public_page_says() -> None:
    """Four settings, the action with its three fields, the example with 300 seconds, and the four notes."""
    written = page(load_destination("twilio-studio"))
    for setting in ("accountSid", "authToken", "spaceId", "profileApiAccessToken"):
        assert f"| `{setting}` |" in written
    for field in ("flowSid", "from", "coolingOffPeriod"):
        assert f"| `{field}` |" in written
    for words in ("Trigger Studio Flow", "coolingOffPeriod: 300", "Order Completed", "## Use cases", "Getting started"):
        assert words in written
    for title in ("Existing Flows", "Duplicates", "Identity", "Charges"):
        assert f"**{title}.**" in written


class _Tags(HTMLParser):
    """Collects tags and what they load."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag, and what it loads by itself."""
        self.tags.append(tag)
        self.loads += [str(value) for name, value in attrs if name == "src" or (tag == "link" and name == "href")]


HOSTILE = notes(
    name="<script>alert(1)</script> & `co|de`",
    description="a | b\n# no heading\n[no](javascript:alert(1))",
    guide=Guide(use_cases=("* one", "<b>two</b>"), notes=(Note("A | B", "*not bold* <img src=x>"),)),
)


def test_nothing_in_a_definition_is_markup() -> None:
    """Names and descriptions are shown as they are: no tag, heading, link or table cell comes out of them."""
    reader = _Tags()
    reader.feed(as_html(page(HOSTILE), HOSTILE.name))
    assert {"script", "img", "b", "em"}.isdisjoint(reader.tags)
    assert 1 == reader.tags.count("h1")
    assert [] == reader.loads
    index = catalogue([HOSTILE], "markdown")["index.md"].splitlines()
    assert 5 == index[-1].replace("\\|", "").count("|")


def test_the_catalogue(tmp_path: Path) -> None:
    """`docs --out` writes an index and a page for each installed destination; links between them lead somewhere."""
    assert 0 == run("docs", "--out", str(tmp_path / "html"), "--format", "html").exit_code
    assert 0 == run("docs", "--out", str(tmp_path / "md")).exit_code
    assert {"index.md", *(f"{slug}.md" for slug in SLUGS)} == {path.name for path in (tmp_path / "md").iterdir()}
    index = (tmp_path / "html" / "index.html").read_text()
    assert [] == [name for name in re.findall(r'href="([^"]+)"', index) if not (tmp_path / "html" / name).exists()]


def test_docs_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder that is a file is said, with 2."""
    (tmp_path / "x").write_text("")
    result = run("docs", "--out", str(tmp_path / "x"))
    assert (2, True) == (result.exit_code, "cannot be written" in result.stderr)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_describe(form: str) -> None:
    """Each form names the settings, the fields and the notes."""
    result = run("describe", "twilio-studio", "--format", form)
    assert 0 == result.exit_code
    for words in ("accountSid", "coolingOffPeriod", "Existing Flows"):
        assert words in result.stdout


def test_a_guide_for_no_setting_is_refused() -> None:
    """A guide that names a setting wrongly is a mistake of its author."""
    with pytest.raises(DefinitionError, match='guide for no setting "acount"') as caught:
        notes(guide=Guide(settings={"acount": "x"}))
    assert 'did you mean "account"?' == caught.value.hint


def test_a_destination_without_a_guide_has_a_page() -> None:
    """What nobody wrote is left out."""
    bare: Destination[Any] = notes()
    written = page(bare)
    assert "## Use cases" not in written
    assert "## Things to know" not in written
    assert "### Settings" in written
