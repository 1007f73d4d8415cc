"""The SQLite file: who may read it, what is refused, and that it survives what happens to files."""

import asyncio
import os
import re
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import ConfigurationError, StoreError
from destination_actions.protocols import Claim, ClaimRequest, ClaimTimes, Delivery, Verdict
from destination_actions.stores import Database, SqliteClaims, SqliteQueue, SqliteTokens, open_sqlite
from destination_actions.stores.sqlite import schema
from destination_actions.stores.sqlite.schema import VERSION
from destination_actions.testing.clock import ManualClock

TIMES = ClaimTimes()
Opener = Callable[..., Database]


def run(call: Any) -> Any:
    """Run a coroutine on a new loop."""
    return asyncio.run(call)


def change(path: Path, *statements: str) -> None:
    """Change a closed file from outside."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def closed(database: Opener, tmp_path: Path) -> Path:
    """Make a store's file and close it."""
    database(ManualClock()).close()
    return tmp_path / "store.db"


def refusal(path: Path) -> str:
    """Open what cannot be opened, and give the message; the file is as it was."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as refused:
        Database(path, ManualClock(), busy=0.05)
    assert (path.read_bytes() if path.is_file() else None) == before
    return str(refused.value)


def request(name: str, seconds: float = 60.0) -> ClaimRequest:
    """Ask for a key of that name."""
    return ClaimRequest(f"key {name}", f"delivery {name}", seconds, f"message {name}")


def test_the_files_are_their_owners_alone(database: Opener, tmp_path: Path) -> None:
    """Database, write-ahead log and secret are readable and writable by their owner and by nobody else."""
    database(ManualClock())
    files = sorted(tmp_path.iterdir())
    names = ["store.db", "store.db-shm", "store.db-wal", "store.db.open", "store.db.secret"]
    assert [re.sub(r"(?<=open)-.*", "", file.name) for file in files] == names
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_everything_is_there_after_opening_again(database: Opener) -> None:
    """Claims, queue, dead deliveries, tokens and secret survive closing and opening."""
    clock = ManualClock()

    async def fill(one: Database) -> None:
        claims, queue = SqliteClaims(one, TIMES), SqliteQueue(one, clock)
        claim = (await claims.claim(request("a"))).claim
        assert claim is not None
        assert await claims.mark_sent(claim)
        await claims.confirm(claim, {"sid": "FN1"})
        await queue.enqueue([Delivery(key, "d", "s", {"n": key}, 1.0) for key in ("waiting", "buried")])
        for lease in await queue.take(2, lease=5.0):
            if lease.delivery.key == "buried":
                await queue.dead(lease, "no")
        await SqliteTokens(one).put("token", {"access": "x"}, revision=0)

    async def look(one: Database) -> None:
        claims, queue = SqliteClaims(one, TIMES), SqliteQueue(one, clock)
        answer = await claims.claim(request("a"))
        assert (answer.verdict, answer.data) == (Verdict.ALREADY_DONE, {"sid": "FN1"})
        clock.advance(5.0)
        assert [(lease.delivery.key, lease.attempts) for lease in await queue.take(9, lease=1.0)] == [("waiting", 2)]
        assert [(dead.delivery.key, dead.reason, dead.attempts) for dead in await queue.list_dead()] == [
            ("buried", "no", 1)
        ]
        assert await SqliteTokens(one).get("token") == (1, {"access": "x"})

    first = database(clock)
    run(fill(first))
    first.close()
    second = database(clock)
    run(look(second))
    assert second.secret == first.secret
    assert len(second.secret) == 32


def test_a_newer_schema_is_refused(database: Opener, tmp_path: Path) -> None:
    """A file of a newer version is refused by both versions' numbers, and left as it is."""
    path = closed(database, tmp_path)
    change(path, f"UPDATE schema_version SET version = {VERSION + 8}")
    message = refusal(path)
    assert f"schema version {VERSION + 8}" in message
    assert f"up to {VERSION}" in message


def test_claims_of_the_third_version_stay(tmp_path: Path) -> None:
    """A file whose claims lay in the order of their keys is migrated: what was held, open or done is so afterwards."""
    clock, path = ManualClock(), tmp_path / "old.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:3])
        patch.setattr(schema, "VERSION", 3)
        Database(path, clock).close()
    now = clock.now()
    windows = [("held", 0, now + 10, 0.0), ("sent", 1, now + 20, now + 80), ("done", 2, 0.0, now + 60)]
    with closing(sqlite3.connect(path)) as old:
        for name, stage, lease, until in windows:
            row = (f"key {name}", stage, f"delivery {name}", "m", "token", lease, until, b'{"a":1}', max(lease, until))
            old.execute("INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        old.execute("INSERT INTO journal VALUES ('delivery done', 2, ?, NULL, NULL, NULL, NULL, ?)", (now, b'{"a":1}'))
        old.execute("INSERT INTO journal VALUES ('delivery sent', 1, ?, ?, ?, NULL, NULL, NULL)", (now, now, now))
        old.commit()
    new = Database(path, clock)
    claims = SqliteClaims(new, TIMES)

    async def course() -> list[Verdict]:
        assert await claims.mark_sent(Claim("key held", "delivery held", 60.0, "token"))
        await claims.confirm(Claim("key sent", "delivery sent", 60.0, "token"), {})
        others = [ClaimRequest(f"key {name}", "another", 60.0, "m") for name in ("held", "sent", "done")]
        return [(await claims.claim(one)).verdict for one in (*others, request("sent"), request("done"))]

    found = run(course())
    new.close()
    assert [Verdict.BUSY, Verdict.COOLING, Verdict.ALREADY_SUPPRESSED, *[Verdict.ALREADY_DONE] * 2] == found
    assert ["windows", "journal"] == _rowid_tables(path)


def _rowid_tables(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE name IN ('windows', 'journal') ORDER BY rowid")
        return [name for (name,) in rows if connection.execute(f"SELECT max(rowid) FROM {name}").fetchone()]


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A SQLite database that is not ours is refused, and not a byte of it is changed."""
    path = tmp_path / "theirs.db"
    change(path, "CREATE TABLE customers (name TEXT)")
    assert "of another program" in refusal(path)
    assert [file.name for file in tmp_path.iterdir()] == ["theirs.db"]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file of other content is refused with what to do, and left as it is."""
    path = tmp_path / "store.db"
    path.write_bytes(b"these are not the bytes you are looking for" * 100)
    assert "sqlite3 store.db" in refusal(path)


def test_a_damaged_file_is_refused(database: Opener, tmp_path: Path) -> None:
    """A file with a damaged page is refused with what to do; it is never recreated."""
    path = closed(database, tmp_path)
    content = bytearray(path.read_bytes())
    content[4096 : 4 * 4096] = b"\xff" * (3 * 4096)
    path.write_bytes(content)
    message = refusal(path)
    assert "is damaged" in message
    assert "restore a backup" in message


def test_a_truncated_file_is_refused(database: Opener, tmp_path: Path) -> None:
    """A file that is empty although its secret exists was in use; it is not begun anew in silence."""
    path = closed(database, tmp_path)
    path.write_bytes(b"")
    for _ in range(2):
        with pytest.raises(StoreError, match="has been truncated"):
            Database(path, ManualClock())


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda file: file.unlink(), "cannot be read"),
        (lambda file: file.write_bytes(os.urandom(32)), "is not the secret"),
        (lambda file: file.write_bytes(b"short"), "holds 5 bytes, not 32"),
    ],
)
def test_a_lost_secret_is_noticed(harm: Callable[[Path], Any], words: str, database: Opener, tmp_path: Path) -> None:
    """Without the secret that the keys were made with, every window would be forgotten: the store refuses."""
    path = closed(database, tmp_path)
    harm(tmp_path / "store.db.secret")
    message = refusal(path)
    assert words in message
    assert "from the backup" in message


def test_a_crash_while_the_secret_was_made_heals(database: Opener, tmp_path: Path) -> None:
    """A secret that was written before the database noted it is adopted at the next opening."""
    path = closed(database, tmp_path)
    secret = (tmp_path / "store.db.secret").read_bytes()
    change(path, "DELETE FROM install")
    assert database(ManualClock()).secret == secret


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """A folder that does not exist is an error that says so."""
    assert "does not exist: create it first" in refusal(tmp_path / "nowhere" / "store.db")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder in place of the file is a StoreError."""
    (tmp_path / "store.db").mkdir()
    assert "store.db" in refusal(tmp_path / "store.db")


def test_a_link_leads_to_the_file_and_its_secret(tmp_path: Path) -> None:
    """Workers that come by a link, even one made before its file, and by the file itself share it and its secret."""
    link, file = tmp_path / "link.db", tmp_path / "data" / "store.db"
    file.parent.mkdir()
    link.symlink_to(file)
    stores = [open_sqlite(f"sqlite:{path}", ManualClock(), TIMES) for path in (link, file)]
    for store in stores:
        run(store.close())
    assert stores[0].secret == stores[1].secret
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert [link] == [path for path in tmp_path.iterdir() if path != file.parent]


@pytest.mark.parametrize("url", ["sqlite:", "sqlite:///tmp/x.db"])
def test_a_url_without_a_path_is_refused(url: str) -> None:
    """A URL that names no file, or is written like a database URL, is answered with the right form."""
    with pytest.raises(ConfigurationError, match="names no file"):
        open_sqlite(url, ManualClock(), TIMES)


def test_a_locked_file_is_an_outage_that_ends(database: Opener, tmp_path: Path) -> None:
    """While another process holds the file beyond the busy time operations raise StoreError; then they work again."""
    claims = SqliteClaims(database(ManualClock(), busy=0.05), TIMES)
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another process"):
            run(claims.claim(request("a")))
        other.execute("ROLLBACK")
    assert run(claims.claim(request("a"))).verdict is Verdict.GRANTED


def test_a_full_disk_is_an_outage_that_ends(database: Opener) -> None:
    """When the disk is full nothing of the step is kept and StoreError says so; with space it works again."""
    one = database(ManualClock())
    queue = SqliteQueue(one, ManualClock())
    large = [Delivery(str(n), "d", "s", {"text": "x" * 10_000}, 1.0) for n in range(50)]
    run(one.run(lambda connection, _: connection.execute("PRAGMA max_page_count = 40").fetchone()))
    with pytest.raises(StoreError, match="the disk is full"):
        run(queue.enqueue(large))
    assert run(queue.next_due()) is None
    run(one.run(lambda connection, _: connection.execute("PRAGMA max_page_count = 100000").fetchone()))
    assert run(queue.enqueue(large)) == 50


@pytest.mark.parametrize("exchanged", [False, True])
def test_a_removed_file_is_noticed(exchanged: bool, database: Opener, tmp_path: Path) -> None:
    """When the file is removed or exchanged under a running worker, nothing more is written into the void."""
    claims = SqliteClaims(database(ManualClock()), TIMES)
    (tmp_path / "store.db").rename(tmp_path / "away.db")
    if exchanged:
        (tmp_path / "store.db").write_bytes((tmp_path / "away.db").read_bytes())
    with pytest.raises(StoreError, match="was removed or exchanged while it was in use"):
        run(claims.claim(request("a")))
    (tmp_path / "away.db").replace(tmp_path / "store.db")
    assert run(claims.claim(request("a"))).verdict is Verdict.GRANTED


def test_no_personal_data_is_in_the_files(database: Opener, tmp_path: Path) -> None:
    """What identifies a person reaches the claim store as a digest alone, so no file holds it."""
    one = database(ManualClock())
    claims = SqliteClaims(one, TIMES)
    digest = "9f" * 32
    run(claims.claim(ClaimRequest(digest, digest, 60.0, "message-1")))
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert digest.encode() in content
    assert {column[1] for column in _columns(tmp_path / "store.db", "windows")} == {
        *("key", "stage", "delivery", "message", "token", "lease", "until", "data", "ends")
    }


def _columns(path: Path, table: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA table_info({table})").fetchall()


def test_journal_and_windows_are_pruned(database: Opener, tmp_path: Path) -> None:
    """Entries and windows are removed once they are older than the journal's time; open windows stay."""
    clock = ManualClock()
    claims = SqliteClaims(database(clock), ClaimTimes(journal=100.0))

    async def done(name: str, seconds: float) -> None:
        claim = (await claims.claim(request(name, seconds))).claim
        assert claim is not None
        assert await claims.mark_sent(claim)
        await claims.confirm(claim)

    async def campaign() -> None:
        await asyncio.gather(*(done(str(n), 5.0) for n in range(700)))
        await done("long", 10_000.0)
        clock.advance(200.0)
        for n in range(3):
            await done(f"later {n}", 5.0)

    run(campaign())
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        rows = [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("journal", "windows")]
    assert rows == [3, 4]


def test_a_window_survives_a_reboot(database: Opener) -> None:
    """After a reboot the window goes on by the wall clock, or from the last time seen when that clock is behind."""
    clock = ManualClock()

    async def arm(one: Database) -> None:
        claims = SqliteClaims(one, TIMES)
        claim = (await claims.claim(request("a", 600.0))).claim
        assert claim is not None
        assert await claims.mark_sent(claim)
        await claims.confirm(claim)

    def other() -> Verdict:
        one = database(clock)
        verdict = run(SqliteClaims(one, TIMES).claim(ClaimRequest("key a", f"{clock.now()}", 600.0, "m"))).verdict
        one.close()
        return verdict

    first = database(clock)
    run(arm(first))
    first.close()
    clock.reboot(downtime=300.0)
    assert other() is Verdict.COOLING
    clock.jump(-24 * 3600.0)
    clock.reboot(downtime=1.0)
    assert other() is Verdict.COOLING
    clock.advance(299.0)
    assert other() is Verdict.COOLING
    clock.advance(1.0)
    assert other() is Verdict.GRANTED


def test_a_lease_of_before_the_reboot_ends(database: Opener) -> None:
    """What a worker held when the machine went down is due again once its lease is over by the wall clock."""
    clock = ManualClock()
    first = database(clock)
    queue = SqliteQueue(first, clock)
    run(queue.enqueue([Delivery("a", "d", "s", {}, 1.0)]))
    run(queue.take(1, lease=30.0))
    first.close()
    clock.reboot(downtime=60.0)
    assert [lease.attempts for lease in run(SqliteQueue(database(clock), clock).take(1, lease=30.0))] == [2]


def after_a_power_failure(path: Path, folder: Path, kept: int) -> Database:
    """The store as it is found when the log has lost what came after so many bytes."""
    folder.mkdir()
    for name in (path.name, f"{path.name}.secret"):
        shutil.copy(path.with_name(name), folder / name)
    log = path.with_name(f"{path.name}-wal").read_bytes()
    (folder / f"{path.name}-wal").write_bytes(log[:kept])
    return Database(folder / path.name, ManualClock())


def test_a_power_failure_undoes_what_bound_nobody(tmp_path: Path) -> None:
    """A lease and a claim that nothing followed are as if nobody had asked; the mark that follows keeps them."""
    path, clock = tmp_path / "store.db", ManualClock()
    one, waited = Database(path, clock), [0]
    queue, claims = SqliteQueue(one, clock), SqliteClaims(one, TIMES)
    log = path.with_name("store.db-wal")

    def heard(statement: str) -> None:
        if statement.startswith("PRAGMA synchronous = NORMAL"):
            waited.append(log.stat().st_size)  # all that is on disk for certain, as what follows does not wait

    async def course() -> Claim:
        await one.run(lambda connection, _: connection.set_trace_callback(heard))
        await queue.enqueue([Delivery("a", "d", "s", {}, 1.0)])
        assert 1 == (await queue.take(1, lease=20.0))[0].attempts
        claim = (await claims.claim(request("a"))).claim
        assert claim is not None
        return claim

    async def found(database: Database) -> tuple[list[int], Verdict]:
        taken = await SqliteQueue(database, clock).take(1, lease=20.0)
        verdict = (await SqliteClaims(database, TIMES).claim(ClaimRequest("key a", "another", 60.0, "m"))).verdict
        database.close()
        return [lease.attempts for lease in taken], verdict

    claim = run(course())
    assert ([1], Verdict.GRANTED) == run(found(after_a_power_failure(path, tmp_path / "before", waited[-1])))
    run(claims.mark_sent(claim))
    assert waited[-1] < log.stat().st_size
    assert ([], Verdict.BUSY) == run(found(after_a_power_failure(path, tmp_path / "after", log.stat().st_size)))
    one.close()
