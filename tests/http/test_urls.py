"""An address leaves its template never, whatever a segment contains."""

from urllib.parse import quote, quote_plus, unquote

import httpx
import pytest
from destination_actions.http import UnsafeRequest, origin_of, url_of
from destination_actions.http.urls import encoded, located, located_among
from hypothesis import given, settings
from hypothesis import strategies as st
from yarl import URL

BASE = "https://studio.test/v2"


@pytest.mark.parametrize(
    ("segments", "path"),
    [
        (("Flows", "FW1", "Executions"), "/v2/Flows/FW1/Executions"),
        (("a/b?x=1#h",), "/v2/a%2Fb%3Fx%3D1%23h"),
        (("../../x",), "/v2/..%2F..%2Fx"),
        (("%2e%2e",), "/v2/%252e%252e"),
        (("user_id:a b+c",), "/v2/user_id%3Aa%20b%2Bc"),
        (("a\r\nb\0",), "/v2/a%0D%0Ab%00"),
        (("a@b", "...", "grün"), "/v2/a%40b/.../gr%C3%BCn"),
        ((), "/v2"),
    ],
)
def test_segments_are_encoded(segments, path):
    """Each segment is one segment of the path."""
    assert f"https://studio.test{path}" == (url_of(BASE, *segments) if segments else url_of(BASE + "/", "x")[:-2])


@pytest.mark.parametrize("segment", ["", ".", "..", "\ud800"])
def test_segments_that_change_the_path_are_refused(segment):
    """A segment that is no segment names its number."""
    with pytest.raises(UnsafeRequest, match="path segment 2"):
        url_of(BASE, "Flows", segment)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_no_text_leaves_the_template(segments):
    """For any texts: refused, or one segment each under the base, and read alike by both HTTP libraries."""
    try:
        url = url_of(BASE, *segments)
    except UnsafeRequest:
        assert {"", ".", ".."} & set(segments)
        return
    by_httpx, by_yarl = httpx.URL(url), URL(url, encoded=True)
    assert ("https", "studio.test") == (by_httpx.scheme, by_httpx.host) == (by_yarl.scheme, by_yarl.host)
    assert by_httpx.raw_path.decode() == by_yarl.raw_path_qs
    assert ["", "v2", *segments] == [unquote(part) for part in by_yarl.raw_path_qs.split("/")]


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=3))
@settings(max_examples=80, deadline=None)
def test_no_parameter_becomes_two(query):
    """For any parameters: exactly these come out of the address again."""
    url = url_of(BASE, "x", query=query)
    assert list(query.items()) == list(URL(url, encoded=True).query.items()) == list(httpx.URL(url).params.items())


@given(st.lists(st.sampled_from([*map(chr, range(128)), "%41", '{"a":[1,2]}', "ü", "日本"]), max_size=6).map("".join))
@settings(max_examples=150, deadline=None)
def test_values_are_encoded_as_the_standard_library_does(text):
    """For any text: forms as `quote_plus` writes them, queries as `quote` does."""
    assert f"{quote_plus(text)}={quote_plus(text)}" == encoded([(text, text)], plus=True)
    assert f"{quote(text, safe='')}={quote(text, safe='')}" == encoded({text: [text]}, plus=False)


PIECES = ["/", "a", "..", ".", "%2e", "%2E", "%41", "?", "x=1&y", ":80", "#", "ü", " ", "1"]


@given(st.sampled_from(["", "/"]), st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
@settings(max_examples=300, deadline=None)
def test_an_address_is_recognised_by_its_form(slash, path):
    """For any path and query: what is passed on at once is what a look at each part gives; the rest is refused."""
    url, odd = f"https://studio.test{slash}{path}", f"https://STUDIO.test{slash}{path}"
    known = verdict(located_among, url, {"https://studio.test"})
    assert verdict(located, odd) == verdict(located, url) == known == verdict(located_among, url, ())


def verdict(recognise, url, *origins):
    """What comes of an address."""
    try:
        return recognise(url, *origins)
    except UnsafeRequest as error:
        return str(error).lower()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("/v2", "must start with https://"),
        ("ftp://studio.test", "must start with https://"),
        ("unix:///var/run/x", "must start with https://"),
        ("https://good@evil.test/", "user name or password before its host"),
        ("https://studio.test/#x", "percent-encode it as %23"),
        ("https:///x", "is not a host"),
        ("https://grün.test/", "xn--"),
        ("https://studio.test:99999/", "not between 1 and 65535"),
        ("https://studio.test/a/../b", '"." or ".."'),
        ("https://studio.test/a/%2E%2e", '"." or ".."'),
        ("https://studio.test/.%2e/b", '"." or ".."'),
        ("https://studio.test/a b", "white space"),
        ("https://studio.test/a\nb", "white space"),
        ("https://studio.test/a%zz", "is not a percent-encoding; write a percent sign as %25"),
        ("https://studio.test/\ud800", "surrogate"),
    ],
)
def test_other_addresses_are_refused(url, complaint):
    """Only an absolute http(s) address that cannot be misread is sent to."""
    with pytest.raises(UnsafeRequest) as caught:
        url_of(url, "x")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "0x7f.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "127.0.0.1.",
        "1.1.1.1.1",
        "256.1.1.1",
        "a.0x",
        "[::g]",
        "[1.1.1.1]",
    ],
)
def test_odd_spellings_of_addresses_are_refused(host):
    """What one reader takes for a name and another for an address is refused."""
    with pytest.raises(UnsafeRequest, match=r"is neither a name nor an IP address|is not a host"):
        origin_of(f"https://{host}/")


def test_a_base_has_no_query():
    """Segments behind a query would become part of it."""
    with pytest.raises(UnsafeRequest, match="query already"):
        url_of("https://studio.test/v2?a=1", "x")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://API.Example.com/x?y", "https://api.example.com"),
        ("https://api.example.com:443", "https://api.example.com"),
        ("http://api.example.com:443/", "http://api.example.com:443"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
    ],
)
def test_origins(url, origin):
    """An origin is scheme, host and port; the scheme's own port is left out."""
    assert origin == origin_of(url)
