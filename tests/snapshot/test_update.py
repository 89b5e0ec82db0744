"""`update` against a real server on loopback: whatever comes or does not, the last good lists stand."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Dict, List, Optional

import pytest

from ipthreat.errors import FetchError, InputError
from ipthreat.paths import feeds_dir, lists_path
from ipthreat.snapshot import Snapshot
from ipthreat.snapshot.feeds import FEEDS, Feed
from ipthreat.snapshot.update import FEED_LIMITS, FeedRow, FeedState, OwnList, UpdateReport, ages, update
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import Behaviour, Conversation, FakeServer
from ipthreat.transport import Limits, MockTransport, Request, RequestsTransport, Response, Retries

SHARED = Path(__file__).resolve().parents[3] / "shared"
NOW = datetime(2026, 8, 22, 12, 0, tzinfo=timezone.utc)
TOMORROW = NOW + timedelta(days=1)
HEAD = b"# Last update: Sat, 22 Aug 2026 03:00:29 +0200\n"
OLD = HEAD + b"203.0.114.7\t10\n203.0.114.8\t1\n"
NEW = HEAD + b"203.0.114.9\t4\n203.0.114.8\t2\n203.0.114.10\t1\n"
DROP = b'{"cidr":"1.19.0.0/16","sblid":"SBL434604"}\n{"type":"metadata","timestamp":1787300000,"records":1}\n'


def served(server: FakeServer, name: str = "ipsum", path: str = "/ipsum", **changes: Any) -> Feed:
    return dataclasses.replace(FEEDS[name], url=server.url + path, **{"min_entries": 2, **changes})


def run(folder: Path, *feeds: Feed, now: datetime = NOW, limits: Limits = FEED_LIMITS, **options: Any) -> UpdateReport:
    with RequestsTransport(limits, Retries(attempts=1)) as transport:
        return update(feeds, transport, folder, now=now, **options)


def row(report: UpdateReport, name: str = "ipsum") -> FeedRow:
    return next(item for item in report.rows if item.name == name)


def levels(folder: Path, *addresses: str) -> List[Optional[int]]:
    """The level of the first listing of each address; None for one that is on no list."""
    with Snapshot.open(lists_path(folder)) as snapshot:
        found = [snapshot.lookup(address).listings for address in addresses]
    return [listings[0].level if listings else None for listings in found]


def old_lists_stand(folder: Path) -> bool:
    return levels(folder, "203.0.114.7", "203.0.114.8", "203.0.114.9") == [10, 1, None]


# The good case


def test_the_first_update_fetches_compiles_and_answers(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD), "/drop": behaviours.data(DROP)}) as server:
        drop = served(server, "spamhaus_drop", "/drop", min_entries=1)
        report = run(tmp_path / "new", served(server), drop)
    assert report.complete
    assert [(item.name, item.state, item.entries) for item in report.rows] == [
        ("ipsum", FeedState.UPDATED, 2),
        ("spamhaus_drop", FeedState.UPDATED, 1),
    ]
    assert report.lists_file == lists_path(tmp_path / "new")
    assert old_lists_stand(tmp_path / "new")


def test_the_compiled_lists_say_what_they_are_and_of_when(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        run(tmp_path, served(server))
    with Snapshot.open(lists_path(tmp_path)) as snapshot:
        (info,) = snapshot.lists()
        (listing,) = snapshot.lookup("203.0.114.7").listings
    assert (info.name, info.kind, info.date, info.licence, info.group) == (
        "ipsum",
        "block",
        "2026-08-22",
        "Unlicense",
        "ipsum",
    )
    assert (listing.name, listing.kind, listing.level) == ("ipsum", "block", 10)


def test_a_new_version_takes_the_place_of_the_old_one(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(OLD), behaviours.data(NEW))}) as server:
        run(tmp_path, served(server))
        assert row(run(tmp_path, served(server), now=TOMORROW)).state is FeedState.UPDATED
    assert levels(tmp_path, "203.0.114.7", "203.0.114.8", "203.0.114.9") == [None, 2, 4]


@pytest.mark.parametrize("validator", [{"etag": '"v1"'}, {"last_modified": "Sat, 22 Aug 2026 01:00:29 GMT"}])
def test_a_feed_that_has_not_changed_is_not_sent_again(tmp_path: Path, validator: Dict[str, str]):
    with FakeServer({"/ipsum": behaviours.data(OLD, **validator)}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), now=TOMORROW)
        assert len(server.asked) == 2
    assert (row(report).state, report.complete) == (FeedState.NOT_MODIFIED, True)
    assert old_lists_stand(tmp_path)


def test_a_compressed_feed_is_read(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.gzipped(OLD)}) as server:
        run(tmp_path, served(server))
    assert old_lists_stand(tmp_path)


def test_feeds_that_were_not_asked_this_time_stay_compiled(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD), "/drop": behaviours.data(DROP)}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server, "spamhaus_drop", "/drop", min_entries=1))
    assert row(report).state is FeedState.NOT_ASKED
    assert report.complete
    assert levels(tmp_path, "203.0.114.7", "1.19.5.5") == [10, 0]


def test_a_feed_that_once_failed_does_not_trouble_later_updates_of_others(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        assert not run(tmp_path, served(server, "threatfox", "/none")).complete
        report = run(tmp_path, served(server))
    assert [item.name for item in report.rows] == ["ipsum"]
    assert report.complete


# Politeness


def test_a_feed_is_not_asked_again_within_its_interval(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), now=NOW + timedelta(hours=3))
        assert len(server.asked) == 1
    assert (row(report).state, row(report).entries, report.complete) == (FeedState.NOT_DUE, 2, True)


def test_it_is_asked_when_that_is_forced(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(OLD), behaviours.data(NEW))}) as server:
        run(tmp_path, served(server))
        assert row(run(tmp_path, served(server), force=True)).state is FeedState.UPDATED


def test_a_daily_job_that_starts_a_little_early_does_not_skip_a_day(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD, etag='"v1"')}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), now=TOMORROW - timedelta(minutes=5))
    assert row(report).state is FeedState.NOT_MODIFIED


def test_a_clock_that_was_set_back_does_not_stop_updates(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        run(tmp_path, served(server), now=TOMORROW)
        assert row(run(tmp_path, served(server), now=NOW)).state is FeedState.UPDATED


def test_a_server_whose_answer_was_of_no_use_is_left_alone_for_an_hour(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.html_page(), behaviours.data(OLD))}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), now=NOW + timedelta(minutes=10))
        assert len(server.asked) == 1
        assert row(report).state is FeedState.FAILED
        assert row(report).reason.endswith("a page of HTML came instead of a list (not asked again yet)")
        assert row(run(tmp_path, served(server), now=NOW + timedelta(hours=1))).state is FeedState.UPDATED


def test_a_server_that_could_not_be_reached_may_be_asked_at_once(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.hang_up(), behaviours.data(OLD))}) as server:
        assert row(run(tmp_path, served(server))).state is FeedState.FAILED
        assert row(run(tmp_path, served(server))).state is FeedState.UPDATED


def test_a_copy_from_another_address_is_not_asked_for_by_its_version(tmp_path: Path):
    with FakeServer({"/a": behaviours.data(OLD, etag='"v1"'), "/b": behaviours.data(NEW, etag='"v1"')}) as server:
        run(tmp_path, served(server, path="/a"))
        assert row(run(tmp_path, served(server, path="/b"))).state is FeedState.UPDATED
    assert levels(tmp_path, "203.0.114.9") == [4]


# What servers do


@pytest.mark.parametrize(
    "fault, words",
    [
        (behaviours.truncated(NEW), "the answer was cut short"),
        (behaviours.cut_off(NEW), "the answer was cut short"),
        (behaviours.hang_up(), "the connection was closed before the answer was complete"),
        (behaviours.slow_drip(NEW, 0.05), "there was no complete answer in the time allowed"),
        (behaviours.html_page(), "a page of HTML came instead of a list"),
        (behaviours.data(b"\0" * 500), "binary data came instead of a list"),
        (behaviours.data(b'{"error": "rate limit"}\n'), "only 0 lines hold an address and 1 do not"),
        (behaviours.data(b""), "only 0 entries came, and there should be 2 at least"),
        (behaviours.data(b"203.0.114.9\t4\n"), "only 1 entries came, and there should be 2 at least"),
        (behaviours.oversize(3_000_000), "the answer is larger than the 1,000,000 bytes allowed"),
        (behaviours.oversize(3_000_000, announced=False), "the answer is larger than the 1,000,000 bytes allowed"),
        (behaviours.gzip_bomb(30_000_000), "the answer is larger than the 1,000,000 bytes allowed"),
        (behaviours.status(404), "the server answered 404"),
        (behaviours.status(500), "the server answered 500"),
        (behaviours.rate_limited(3600), "the server answered 429 and asks to be left alone for 3600 s"),
        (
            behaviours.redirect("https://else.example/list"),
            "it redirects to https://else.example/list, which is not followed",
        ),
    ],
)
def test_a_bad_answer_leaves_the_last_good_copy_and_says_why(tmp_path: Path, fault: Behaviour, words: str):
    limits = Limits(overall=0.5, body=1_000_000)
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(OLD), fault)}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), now=TOMORROW, limits=limits)
    assert (row(report).state, row(report).entries, report.complete) == (FeedState.KEPT, 2, False)
    assert row(report).reason == f"{server.url}/ipsum: {words}"
    assert old_lists_stand(tmp_path)


@pytest.mark.parametrize(
    "fault", [behaviours.html_page(), behaviours.hang_up(), behaviours.status(503), behaviours.status(304)]
)
def test_a_feed_that_never_came_fails_and_no_file_is_made(tmp_path: Path, fault: Behaviour):
    with FakeServer({"/ipsum": fault}) as server:
        report = run(tmp_path, served(server))
    assert (row(report).state, row(report).entries, row(report).day) == (FeedState.FAILED, 0, "")
    assert row(report).reason
    assert not lists_path(tmp_path).exists()


def test_one_feed_that_fails_does_not_hold_the_others(tmp_path: Path):
    with FakeServer({"/drop": behaviours.data(DROP)}) as server:
        report = run(tmp_path, served(server), served(server, "spamhaus_drop", "/drop", min_entries=1))
    assert [item.state for item in report.rows] == [FeedState.FAILED, FeedState.UPDATED]
    assert levels(tmp_path, "1.19.5.5") == [0]


def test_a_list_that_shrank_to_less_than_a_tenth_is_not_believed(tmp_path: Path):
    long = b"".join(b"203.0.115.%d\t1\n" % last for last in range(100))
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(long), behaviours.data(NEW))}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), now=TOMORROW)
    assert row(report).state is FeedState.KEPT
    assert row(report).reason.endswith("only 3 entries came, after 100 in the last copy")


def test_a_list_that_may_be_empty_may_shrink(tmp_path: Path):
    long = b"".join(b"203.0.115.%d\n" % last for last in range(100))
    with FakeServer({"/c2": behaviours.in_turn(behaviours.data(long), behaviours.data(b"# none today\r\n"))}) as server:
        feodo = served(server, "feodo", "/c2", min_entries=0)
        run(tmp_path, feodo)
        report = run(tmp_path, feodo, now=TOMORROW)
    assert (row(report, "feodo").state, row(report, "feodo").entries) == (FeedState.UPDATED, 0)
    assert levels(tmp_path, "203.0.115.7") == [None]


def test_a_header_of_absurd_length_is_not_sent_back(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD, etag='"' + "x" * 2000 + '"')}) as server:
        run(tmp_path, served(server))
        assert row(run(tmp_path, served(server), now=TOMORROW)).state is FeedState.UPDATED
        assert server.asked[1].header("If-None-Match") == ""


# What lists contain


def test_bogons_and_absurd_widths_are_left_out_and_counted(tmp_path: Path):
    body = b"203.0.114.7\n10.0.0.1\n0.0.0.0/0\n224.0.0.0/4\n::/0\nfe80::1\n2a06:e480::1\nrubbish\n"
    with FakeServer({"/c2": behaviours.data(body)}) as server:
        found = row(run(tmp_path, served(server, "feodo", "/c2")), "feodo")
    assert (found.entries, found.left_out) == (2, {"no address": 1, "not global": 2, "too wide": 3})
    assert levels(tmp_path, "203.0.114.7", "2a06:e480::1", "8.8.8.8", "10.0.0.1") == [0, 0, None, None]


def test_our_own_networks_are_never_listed(tmp_path: Path):
    body = b"203.0.114.7\n198.41.0.0/22\n8.8.8.8\n"
    own = [ip_network("203.0.114.0/24"), ip_network("198.41.1.0/24")]
    with FakeServer({"/c2": behaviours.data(body)}) as server:
        found = row(run(tmp_path, served(server, "feodo", "/c2"), own_networks=own), "feodo")
    assert found.left_out == {"own network": 2}
    assert levels(tmp_path, "203.0.114.7", "198.41.1.1", "198.41.0.1", "198.41.3.1", "8.8.8.8") == [None, None, 0, 0, 0]


def test_own_networks_apply_to_copies_that_are_already_there(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        run(tmp_path, served(server))
        report = run(tmp_path, served(server), own_networks=[ip_network("203.0.114.7/32")])
    assert row(report).left_out == {"own network": 1}
    assert levels(tmp_path, "203.0.114.7", "203.0.114.8") == [None, 1]


# Own lists


def test_own_lists_are_compiled_beside_the_feeds(tmp_path: Path):
    (tmp_path / "mass.txt").write_text("203.0.115.1 # a scanner\n203.0.116.0/24\n")
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        mine = OwnList("mass", tmp_path / "mass.txt", "scanner")
        report = run(tmp_path / "data", served(server), own_lists=[mine])
    assert (row(report, "mass").state, row(report, "mass").entries) == (FeedState.UPDATED, 2)
    with Snapshot.open(report.lists_file) as snapshot:
        (listing,) = snapshot.lookup("203.0.116.77").listings
    assert (listing.name, listing.kind) == ("mass", "scanner")


def test_own_lists_stay_in_later_updates_and_follow_their_file_when_named(tmp_path: Path):
    path = tmp_path / "mine.txt"
    path.write_text("203.0.115.1\n")
    mine = OwnList("mine", path)
    run(tmp_path / "data", own_lists=[mine])
    path.write_text("203.0.115.2\n")
    assert row(run(tmp_path / "data"), "mine").state is FeedState.NOT_ASKED
    assert levels(tmp_path / "data", "203.0.115.1", "203.0.115.2") == [0, None]
    run(tmp_path / "data", own_lists=[mine])
    assert levels(tmp_path / "data", "203.0.115.1", "203.0.115.2") == [None, 0]


def test_a_list_whose_description_is_removed_is_gone_after_the_next_update(tmp_path: Path):
    for name in ("one", "two"):
        (tmp_path / name).write_text("203.0.115.1\n")
    run(tmp_path / "data", own_lists=[OwnList("one", tmp_path / "one"), OwnList("two", tmp_path / "two")])
    (feeds_dir(tmp_path / "data") / "one.json").unlink()
    assert [item.name for item in run(tmp_path / "data").rows] == ["two"]


def test_an_own_list_that_cannot_be_used_is_refused_before_anything_is_asked(tmp_path: Path):
    mock = MockTransport(lambda request: Response(500))
    with pytest.raises(InputError, match="cannot be read"):
        update([FEEDS["ipsum"]], mock, tmp_path, now=NOW, own_lists=[OwnList("mine", tmp_path / "none.txt")])
    assert mock.requests == []


# The disk


def test_a_copy_damaged_on_disk_is_reported_and_fetched_anew(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD, etag='"v1"')}) as server:
        run(tmp_path, served(server))
        (body,) = feeds_dir(tmp_path).glob("*.list")
        body.write_bytes(b"203.0.114.66\t10\n")
        report = run(tmp_path)
        assert row(report).state is FeedState.FAILED
        assert row(report).reason == "its copy on disk is missing or was changed"
        assert old_lists_stand(tmp_path)  # nothing good to compile: the file stays as it was
        assert row(run(tmp_path, served(server), now=TOMORROW)).state is FeedState.UPDATED
        assert server.asked[1].header("If-None-Match") == ""
    assert old_lists_stand(tmp_path)


@pytest.mark.parametrize("change", [b"{", b'{"name": "ipsum"}'])
def test_a_description_damaged_on_disk_is_reported_and_made_anew(tmp_path: Path, change: bytes):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        run(tmp_path, served(server))
        path = feeds_dir(tmp_path) / "ipsum.json"
        path.write_bytes(change)
        report = run(tmp_path)
        assert (row(report).state, row(report).reason) == (FeedState.FAILED, f"{path}: cannot be read")
        assert [(age.name, age.failure) for age in ages(tmp_path, NOW)] == [("ipsum", f"{path}: cannot be read")]
        assert row(run(tmp_path, served(server))).state is FeedState.UPDATED
    assert old_lists_stand(tmp_path)


@pytest.mark.parametrize("field, value", [("kind", "bad"), ("format", "bad"), ("published", "soon"), ("checked", "x")])
def test_a_copy_with_a_strange_description_harms_no_other(tmp_path: Path, field: str, value: str):
    with FakeServer({"/ipsum": behaviours.data(OLD), "/drop": behaviours.data(DROP)}) as server:
        run(tmp_path, served(server), served(server, "spamhaus_drop", "/drop", min_entries=1))
    path = feeds_dir(tmp_path) / "spamhaus_drop.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: value}))
    report = run(tmp_path)
    assert report.failure == ""
    assert len(ages(tmp_path, NOW)) == 2
    assert old_lists_stand(tmp_path)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path):
    (tmp_path / "data").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        run(tmp_path / "data")


def test_half_written_files_of_a_killed_update_are_removed(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.data(OLD)}) as server:
        run(tmp_path, served(server))
        leftovers = [tmp_path / ".lists.snapshot.4242", feeds_dir(tmp_path) / ".ipsum.json.4242"]
        for path in leftovers:
            path.write_bytes(b"half")
        run(tmp_path, served(server))
    assert not any(path.exists() for path in leftovers)


PROGRAM = """
import dataclasses, json, resource, sys
from datetime import datetime, timezone
from pathlib import Path
from ipthreat.snapshot.feeds import FEEDS
from ipthreat.snapshot.update import FEED_LIMITS, update
from ipthreat.transport import RequestsTransport, Retries
folder, url, day, largest = sys.argv[1:]
feed = dataclasses.replace(FEEDS["ipsum"], url=url, min_entries=2)
if int(largest):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest), int(largest)))
now = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
with RequestsTransport(FEED_LIMITS, Retries(attempts=1)) as transport:
    report = update([feed], transport, Path(folder), now=now)
print(json.dumps([report.rows[0].state, report.rows[0].reason, report.failure]))
"""


def program(folder: Path, server: FakeServer, day: str, largest: int = 0) -> subprocess.Popen[str]:
    arguments = [str(folder), server.url + "/ipsum", day, str(largest)]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)


def outcome(process: subprocess.Popen[str]) -> List[str]:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return json.loads(output)


def test_a_disk_that_takes_no_copy_leaves_the_old_data_and_says_so(tmp_path: Path):
    large = HEAD + b"".join(b"203.0.%d.%d\t1\n" % (third, last) for third in (115, 116) for last in range(256))
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(OLD), behaviours.data(large))}) as server:
        run(tmp_path, served(server))
        before = lists_path(tmp_path).stat()
        state, reason, failure = outcome(program(tmp_path, server, "2026-08-25", largest=2000))
    assert (state, "cannot be written: file too large" in reason) == ("kept", True)
    assert "cannot be written: file too large" in failure
    assert lists_path(tmp_path).stat() == before
    assert old_lists_stand(tmp_path)
    assert list(feeds_dir(tmp_path).glob(".*")) == []


def test_a_disk_that_takes_the_copy_and_not_the_compiled_file_leaves_the_old_file(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(OLD), behaviours.data(NEW))}) as server:
        run(tmp_path, served(server))
        state, reason, failure = outcome(program(tmp_path, server, "2026-08-25", largest=20_000))
        assert (state, reason) == ("updated", "")
        assert failure.endswith("cannot be written: file too large.")
        assert old_lists_stand(tmp_path)
        run(tmp_path, served(server), now=datetime(2026, 8, 25, tzinfo=timezone.utc))
    assert levels(tmp_path, "203.0.114.9") == [4]


def test_an_update_killed_while_it_downloads_leaves_the_old_data(tmp_path: Path):
    reached = threading.Event()

    def stalled(talk: Conversation) -> None:
        talk.head(200, {"Content-Length": str(len(NEW))})
        talk.write(NEW[:-5])
        reached.set()
        talk.pause(60.0)

    routes = {"/ipsum": behaviours.in_turn(behaviours.data(OLD), stalled, behaviours.data(NEW))}
    with FakeServer(routes) as server:
        run(tmp_path, served(server))
        with program(tmp_path, server, "2026-08-25") as process:
            assert reached.wait(60)
            process.send_signal(signal.SIGKILL)
        assert old_lists_stand(tmp_path)
        assert row(run(tmp_path, served(server), now=TOMORROW)).state is FeedState.UPDATED
    assert levels(tmp_path, "203.0.114.9") == [4]


def test_an_update_killed_at_any_step_leaves_whole_files(tmp_path: Path):
    """Stops the process at its n-th file operation, for every n, by a hook in the interpreter; then looks."""
    hook = """
import os, sys
left = int(os.environ["STEPS"])
def count(event, arguments):
    global left
    if event in ("os.rename", "os.remove", "open") and "{folder}" in str(arguments[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(count)
"""
    killed = 0
    with FakeServer({"/ipsum": behaviours.data(NEW)}) as server:
        for steps in range(100):
            folder = tmp_path / str(steps)
            with FakeServer({"/ipsum": behaviours.data(OLD)}) as earlier:
                run(folder, served(earlier))
            arguments = [str(folder), server.url + "/ipsum", "2026-08-25", "0"]
            command = [sys.executable, "-c", hook.replace("{folder}", str(folder)) + PROGRAM, *arguments]
            ended = subprocess.run(command, capture_output=True, env={**os.environ, "STEPS": str(steps)}, check=False)
            assert levels(folder, "203.0.114.8") in ([1], [2])
            assert [age.entries for age in ages(folder, NOW)] in ([2], [3])
            assert run(folder).complete
            if ended.returncode == 0:
                break
            killed += 1
    assert killed >= 8


def test_two_updates_at_once_take_turns_and_ask_once(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.after(0.2, behaviours.data(OLD))}) as server:
        pair = [program(tmp_path, server, "2026-08-25") for _ in range(2)]
        states = sorted(outcome(process)[0] for process in pair)
        assert len(server.asked) == 1
    assert states == ["not due", "updated"]
    assert old_lists_stand(tmp_path)


def test_an_update_that_does_not_get_its_turn_says_so(tmp_path: Path):
    reached, resume = threading.Event(), threading.Event()

    def held(request: Request) -> Response:
        reached.set()
        assert resume.wait(60)
        return Response(200, body=OLD)

    def first() -> None:
        update([dataclasses.replace(FEEDS["ipsum"], min_entries=2)], MockTransport(held), tmp_path, now=NOW)

    thread = threading.Thread(target=first)
    thread.start()
    assert reached.wait(60)
    with pytest.raises(InputError, match="another update is at work"):
        run(tmp_path, patience=0.0)
    resume.set()
    thread.join()
    assert old_lists_stand(tmp_path)


def test_a_reader_of_the_old_file_is_not_disturbed(tmp_path: Path):
    with FakeServer({"/ipsum": behaviours.in_turn(behaviours.data(OLD), behaviours.data(NEW))}) as server:
        run(tmp_path, served(server))
        with Snapshot.open(lists_path(tmp_path)) as reader:
            run(tmp_path, served(server), now=TOMORROW)
            assert reader.lookup("203.0.114.7").listings[0].level == 10
    assert levels(tmp_path, "203.0.114.7") == [None]


# Ages


def test_ages_tell_how_old_each_list_is_and_what_went_wrong_last(tmp_path: Path):
    routes = {
        "/ipsum": behaviours.in_turn(behaviours.data(OLD), behaviours.status(404)),
        "/c2": behaviours.data(b"# -\n"),
    }
    with FakeServer(routes) as server:
        feeds = [served(server), served(server, "feodo", "/c2", min_entries=0), served(server, "tor_exits", "/none")]
        run(tmp_path, *feeds)
        run(tmp_path, *feeds, now=TOMORROW)
    feodo, ipsum, tor = ages(tmp_path, NOW + timedelta(days=2))
    assert (ipsum.name, ipsum.kind, ipsum.entries, ipsum.day) == ("ipsum", "block", 2, "2026-08-22")
    assert ipsum.age == timedelta(days=2, hours=12)
    assert ipsum.checked == "2026-08-22T12:00:00+00:00"
    assert ipsum.failure.endswith("the server answered 404")
    assert (feodo.day, feodo.failure) == ("2026-08-23", "")
    assert (tor.day, tor.age, tor.entries) == ("", None, 0)


def test_a_folder_without_data_has_no_ages(tmp_path: Path):
    assert ages(tmp_path / "none", NOW) == ()


# The seam, and real copies where they are present


def test_a_transport_that_fails_is_the_feeds_failure(tmp_path: Path):
    def broken(request: Request) -> Response:
        raise FetchError(f"{request.url}: no network")

    report = update([FEEDS["ipsum"]], MockTransport(broken), tmp_path, now=NOW)
    assert row(report).reason == f"{FEEDS['ipsum'].url}: no network"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data are not here")
def test_the_real_ipsum_and_an_own_list_of_scanners_are_compiled_whole(tmp_path: Path):
    body = (SHARED / "data/feeds/ipsum.txt").read_bytes()
    scanners = OwnList("mass_scanner", SHARED / "data/feeds/maltrail/mass_scanner.txt", "scanner")
    with FakeServer({"/ipsum": behaviours.gzipped(body)}) as server:
        report = run(tmp_path, served(server, min_entries=20_000), own_lists=[scanners])
    assert (row(report).entries, row(report).left_out, row(report).day) == (120_430, {}, "2026-08-22")
    assert row(report, "mass_scanner").entries == 18_835
    assert row(report, "mass_scanner").left_out == {"no address": 5}
    assert levels(tmp_path, "77.90.185.20", "14.103.172.199", "129.82.138.12") == [10, None, 0]
