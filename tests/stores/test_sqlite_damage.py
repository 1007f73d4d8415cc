"""Parts of a store's files that were cut off, exchanged or taken away: refused as they are, or an earlier state."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import StoreError
from destination_actions.protocols import Delivery
from destination_actions.stores import Database, SqliteQueue
from destination_actions.testing.clock import ManualClock

COMMITS = 40


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a store as a kill leaves them: forty deliveries, each in a commit of its own."""
    folder = tmp_path_factory.mktemp("killed")
    one = Database(folder / "store.db", ManualClock())
    queue = SqliteQueue(one, ManualClock())

    async def fill() -> None:
        for n in range(COMMITS):
            await queue.enqueue([Delivery(str(n), "d", "s", {"text": "x" * 2000}, 1.0)])

    asyncio.run(fill())
    shutil.copytree(folder, folder / "copy")
    one.close()
    return folder / "copy"


@pytest.fixture
def crashed(killed: Path, tmp_path: Path) -> Path:
    """The database file of a copy of them."""
    shutil.copytree(killed, tmp_path / "copy")
    return tmp_path / "copy" / "store.db"


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a store, byte for byte."""
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


def refusal(path: Path) -> str:
    """Open what cannot be opened; none of its files has changed, none was made."""
    before = contents(path)
    with pytest.raises(StoreError) as refused:
        Database(path, ManualClock(), busy=0.05)
    assert before == contents(path)
    return str(refused.value)


def kept(path: Path) -> list[int]:
    """Open a store and give the deliveries that it holds."""
    one = Database(path, ManualClock())
    try:
        leases = asyncio.run(SqliteQueue(one, ManualClock()).take(100, lease=1.0))
    finally:
        one.close()
    return sorted(int(lease.delivery.key) for lease in leases)


def kept_or_refused(path: Path) -> list[int] | str:
    """As `kept`, or the message of the refusal."""
    try:
        return kept(path)
    except StoreError as error:
        return str(error)


def beside(path: Path, end: str) -> Path:
    """One of the other files of a store."""
    return path.with_name(path.name + end)


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_log_is_not_thrown_away_with_its_database(harm: Callable[[Path], Any], crashed: Path) -> None:
    """Without its database file a log is all there is, and SQLite would delete it: nothing is opened, nothing lost."""
    path = crashed
    whole = path.read_bytes()
    harm(path)
    assert "store.db.secret and store.db-wal exists" in refusal(path)
    path.write_bytes(whole)
    assert list(range(COMMITS)) == kept(path)


def test_a_log_without_anything_else_is_kept(crashed: Path) -> None:
    """Even where the secret is gone as well, a log is a reason to refuse."""
    path = crashed
    path.unlink()
    beside(path, ".secret").unlink()
    assert "although store.db-wal exists" in refusal(path)


def test_a_log_that_was_taken_away_is_missed(crashed: Path) -> None:
    """An index without its log tells that the last commits are elsewhere; with the log they are all there again."""
    path = crashed
    log = beside(path, "-wal").read_bytes()
    beside(path, "-wal").unlink()
    assert "store.db-wal is gone" in refusal(path)
    beside(path, "-wal").write_bytes(log)
    assert list(range(COMMITS)) == kept(path)


def log_harms() -> dict[str, Callable[[bytes], bytes]]:
    """A log cut at 23 places, and with one byte changed at as many."""
    cuts = {f"cut at {n}/23": lambda log, n=n: log[: len(log) * n // 23] for n in range(23)}
    flips = {f"changed at {n}/23": lambda log, n=n: flipped(log, len(log) * n // 23) for n in range(23)}
    return cuts | flips


def flipped(content: bytes, at: int) -> bytes:
    """The same with one byte changed."""
    return content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :]


@pytest.mark.parametrize("harm", log_harms().items(), ids=lambda harm: harm[0])
def test_a_damaged_log_is_an_earlier_state(harm: tuple[str, Callable[[bytes], bytes]], crashed: Path) -> None:
    """A log is read up to its first frame that is not whole: whole commits from the first on, never half of one.

    Where that leaves no tables at all, the store is refused; it never begins anew.
    """
    path = crashed
    log = beside(path, "-wal")
    log.write_bytes(harm[1](log.read_bytes()))
    beside(path, "-shm").unlink()
    found = kept_or_refused(path)
    assert "has been truncated" in found if isinstance(found, str) else list(range(len(found))) == found
    assert len(found) < COMMITS or isinstance(found, str)


@pytest.mark.parametrize("part", range(1, 12))
def test_a_cut_database_is_refused(part: int, crashed: Path) -> None:
    """A file that ends before its last page is refused at opening, whatever it has lost, and left as it is."""
    path = crashed
    kept(path)  # closing it puts everything into the file
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * part // 12])
    assert "is damaged" in refusal(path)
