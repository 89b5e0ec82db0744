"""The shared SQLite file: whole after a kill, kept on a full disk, set aside when damaged, untouched when newer."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import List

import pytest
from runs import Told

from ipthreat.database import Database, damaged
from ipthreat.errors import StoreBusy, StoreError

SCHEMA = ("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)",)
PROGRAM = """
import sys
from pathlib import Path
from ipthreat.database import Database
from ipthreat.errors import StoreError
database = Database(Path(sys.argv[1]), ("CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT)",), 1)
def add(text):
    database.write(lambda connection: connection.execute("INSERT INTO notes (text) VALUES (?)", (text,)))
"""


def opened(path: Path, version: int = 1, told: Told = None, **options) -> Database:
    return Database(path, SCHEMA, version, tell=Told() if told is None else told, **options)


def add(database: Database, text: str) -> None:
    database.write(lambda connection: connection.execute("INSERT INTO notes (text) VALUES (?)", (text,)))


def texts(database: Database) -> List[str]:
    return database.read(
        lambda connection: [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY id")]
    )


def program(path: Path, rest: str) -> subprocess.Popen:
    code = PROGRAM + textwrap.dedent(rest)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "notes.sqlite"


def test_what_is_written_is_read_by_another_one(path: Path):
    add(opened(path), "one")
    assert texts(opened(path)) == ["one"]


def test_the_file_and_its_folder_belong_to_the_user_alone(path: Path):
    add(opened(path), "one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


def test_a_file_that_others_could_read_is_closed_to_them(path: Path):
    database = opened(path)
    add(database, "one")
    database.close()
    path.chmod(0o644)
    add(opened(path), "two")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_work_that_fails_leaves_nothing_behind(path: Path):
    database = opened(path)
    add(database, "one")

    def _fails(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO notes (text) VALUES ('two')")
        raise ValueError("the work's own error")

    with pytest.raises(ValueError, match="own error"):
        database.write(_fails)
    add(database, "three")
    assert texts(database) == ["one", "three"]


def test_threads_share_it(path: Path):
    database = opened(path)
    threads = [threading.Thread(target=add, args=(database, str(number))) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(texts(database), key=int) == [str(number) for number in range(20)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_opens_it_anew(path: Path):
    with program(
        path,
        """
        import os
        add("parent")
        child = os.fork()
        add("child" if child == 0 else "parent again")
        if child:
            os.waitpid(child, 0)
        """,
    ) as process:
        assert process.wait(30) == 0, process.stderr.read()
    assert sorted(texts(opened(path))) == ["child", "parent", "parent again"]


def test_after_a_kill_at_any_moment_every_finished_transaction_is_there(path: Path):
    with program(
        path,
        """
        for number in range(10**6):
            add("x" * 500)
            print(number, flush=True)
        """,
    ) as process:
        for _ in range(200):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        finished = 200 + len(process.stdout.read().splitlines())
    found = opened(path)
    assert len(texts(found)) in (finished, finished + 1)  # it may have been killed before it could say so
    assert found.read(lambda connection: connection.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_told_in_one_sentence_and_what_is_there_stays(path: Path):
    add(opened(path), "before")
    with program(
        path,
        """
        import resource, signal
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        try:
            while True:
                add("x" * 20_000)
        except StoreError as error:
            print(error)
        print(database.read(lambda connection: connection.execute("SELECT text FROM notes").fetchone()[0]))
        """,
    ) as process:
        told = process.stdout.read().splitlines()
    assert told[0].startswith(f"{path}: ")
    assert told[1] == "before"
    assert texts(opened(path))[0] == "before"


def test_a_folder_that_cannot_be_written_is_told_in_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(StoreError, match=r"notes.sqlite: (Not a directory|File exists)"):
        add(opened(tmp_path / "file" / "notes.sqlite"), "one")


@pytest.mark.parametrize("rubbish", [b"rubbish" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_file_is_set_aside_told_and_begun_anew(path: Path, rubbish: bytes):
    path.parent.mkdir()
    path.write_bytes(rubbish)
    told = Told()
    database = opened(path, told=told)
    add(database, "one")
    assert texts(database) == ["one"]
    assert len(told) == 1
    assert "was damaged" in told[0]
    (aside,) = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == rubbish


def test_damage_while_it_is_open_is_noticed_too(path: Path):
    told = Told()
    database = opened(path, told=told)
    for number in range(2000):
        add(database, f"{number}" * 50)
    database.close()
    data = bytearray(path.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    path.write_bytes(bytes(data))
    assert texts(database) == []
    add(database, "new")
    assert texts(database) == ["new"]
    assert len(told) == 1


def test_of_two_that_find_the_damage_only_one_sets_it_aside(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 1000)
    first, second = opened(path), opened(path)
    add(first, "first")
    add(second, "second")
    assert texts(first) == ["first", "second"]
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


def test_an_empty_file_is_as_good_as_none(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"")
    add(opened(path), "one")
    assert texts(opened(path)) == ["one"]


def test_a_file_of_a_newer_version_stays_untouched(path: Path):
    database = opened(path, version=2)
    add(database, "of the future")
    database.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"of a newer ipthreat .format 2; this one knows 1. and stays untouched"):
        add(opened(path), "of today")
    assert path.read_bytes() == before


def test_a_file_of_an_older_version_is_taken_on(path: Path):
    add(opened(path), "old")
    newer = Database(path, (*SCHEMA, "CREATE TABLE IF NOT EXISTS more (id INTEGER)"), 2)
    assert newer.read(lambda connection: connection.execute("SELECT COUNT(*) FROM more").fetchone()[0]) == 0
    assert texts(newer) == ["old"]


def test_one_that_another_process_holds_is_given_up_after_a_while(path: Path):
    add(opened(path), "one")
    holder = sqlite3.connect(str(path), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="another process has held it for too long"):
            add(opened(path, patience=0.05), "two")
        assert texts(opened(path, patience=0.05)) == ["one"]
    finally:
        holder.close()


def test_one_that_is_held_is_busy_and_one_that_cannot_be_used_is_not(path: Path, tmp_path: Path):
    add(opened(path), "one")
    (tmp_path / "file").write_text("no folder")
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError) as held:
            opened(path).write(lambda connection: None, 0.0)
    with pytest.raises(StoreError) as useless:
        add(opened(tmp_path / "file" / "notes.sqlite"), "one")
    assert (held.type, useless.type) == (StoreBusy, StoreError)
    assert str(held.value) == f"{path}: another process has held it for too long"


def test_a_new_file_that_another_process_is_making_is_waited_for(path: Path):
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)) as maker:
        maker.execute(
            "BEGIN IMMEDIATE"
        )  # at the change to write-ahead logging SQLite answers at once that it is busy, whatever its timeout
        soon = threading.Timer(0.2, maker.rollback)
        soon.start()
        add(opened(path), "one")
        soon.join()
    assert texts(opened(path)) == ["one"]


def test_a_thread_does_not_wait_longer_for_another_than_it_may(path: Path):
    database = opened(path)
    add(database, "one")
    inside, go_on = threading.Event(), threading.Event()

    def _slow(connection: sqlite3.Connection) -> None:
        inside.set()
        go_on.wait(30)

    slow = threading.Thread(target=database.write, args=(_slow,))
    slow.start()
    inside.wait(30)
    with pytest.raises(StoreError) as held:
        database.write(lambda connection: None, 0.05)
    database.close()  # does not wait either
    go_on.set()
    slow.join()
    assert held.type is StoreBusy


def _sound(connection: sqlite3.Connection) -> None:
    for (text,) in connection.execute("SELECT text FROM notes"):
        if text == "x":
            raise damaged("notes.text")


def test_a_cell_that_the_check_refuses_is_damage_and_is_set_aside_once(path: Path):
    told = Told()
    first, second = opened(path, told=told, check=_sound), opened(path, told=told, check=_sound)
    add(first, "x")
    first.close()
    for database in (first, second):
        database.read(_sound)
    assert len(told) == 1
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


def test_a_sound_file_that_is_only_held_is_never_set_aside(path: Path):
    path.parent.mkdir()
    path.write_bytes(b"rubbish" * 1000)
    database = opened(path, patience=0.05)
    with contextlib.closing(sqlite3.connect(str(path.with_suffix(".lock")), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")  # another process is setting it aside
        with pytest.raises(StoreError, match="it is damaged and cannot be set aside"):
            add(database, "one")
    assert path.read_bytes() == b"rubbish" * 1000


def test_one_without_a_path_is_in_memory_and_its_own(tmp_path: Path):
    first, second = opened(None), opened(None)
    add(first, "one")
    assert texts(first) == ["one"]
    assert texts(second) == []
    assert list(tmp_path.iterdir()) == []
