"""Decoding a body never costs more memory than the cap allows."""

import gzip
import tracemalloc
import zlib

import pytest
from destination_actions.http._body import Body

pytestmark = pytest.mark.anyio


async def pieces(data, size):
    """A stream of pieces."""
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def read(data, coding, *, cap=65536, size=1000):
    """What a body of these bytes is read as."""
    body = Body(cap)
    await body.read(pieces(data, size), coding)
    return body.content, body.complete


TEXT = b"hello, " * 1000
BARE = zlib.compressobj(wbits=-15)
CODED = [
    ("", TEXT),
    ("identity", TEXT),
    ("br", TEXT),
    ("gzip", gzip.compress(TEXT)),
    (" X-GZip ", gzip.compress(TEXT)),
    ("gzip", gzip.compress(TEXT[:500]) + gzip.compress(TEXT[500:])),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", BARE.compress(TEXT) + BARE.flush()),
]


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize(
    ("coding", "data"), CODED, ids=[f"{at}-{coding.strip()}" for at, (coding, _) in enumerate(CODED)]
)
async def test_codings(coding, data, size):
    """However it is coded and cut into pieces, the body is the same; what was not asked for is left as it came."""
    assert await read(data, coding, size=size) == (TEXT, True)


@pytest.mark.parametrize("coding", ["", "gzip"])
async def test_an_empty_body_is_complete(coding):
    """No bytes are a complete body, whatever coding was announced."""
    assert await read(b"", coding) == (b"", True)


async def test_a_cut_coding_is_not_complete():
    """A compressed body that stops early is known to be cut."""
    content, complete = await read(gzip.compress(TEXT)[:-10], "gzip")
    assert (TEXT[: len(content)], False) == (content, complete)


async def test_a_bomb_costs_no_memory():
    """A hundred megabytes in a small body unfold no further than the cap."""
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    tracemalloc.start()
    content, complete = await read(bomb, "gzip", size=len(bomb))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(content), complete) == (65536, False)
    assert peak < 2_000_000


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize(("cap", "whole"), [(len(TEXT), True), (len(TEXT) - 1, False), (0, False)])
async def test_a_body_is_complete_up_to_the_cap_and_not_beyond(coding, cap, whole):
    """A body of just the cap's size is whole; with one byte more it is cut to the cap, and said to be."""
    data = gzip.compress(TEXT) if coding else TEXT
    assert await read(data, coding, cap=cap, size=100) == (TEXT[:cap], whole)
