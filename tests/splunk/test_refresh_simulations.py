"""What can go wrong between a publisher and the answers of a search, over the real scripts: members and indexers whose
data differ, a refresh that is killed, a full disk, a feed that turns into a web page. The old data stay and it is told.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List

import pytest
from searches import answer, app, ground, replicated
from snapshots import CONTENTS
from splunkds import place

from ipthreat.snapshot.assemble import assemble
from ipthreat.splunk.protocol import table_from
from ipthreat.testkit import behaviours

FEED = "greensnow"
LISTED, NEWLY = "20.1.2.3", "20.1.2.9"
FILLING = b"".join(b"20.9.%d.%d\n" % (number // 250, number % 250) for number in range(1200))
OLD = LISTED.encode() + b"\n" + FILLING
NEW = NEWLY.encode() + b"\n" + OLD


def on_day(day: datetime) -> str:
    return day.strftime("%a, %d %b %Y 03:00:00 GMT")


TODAY = datetime.now(timezone.utc)
LAST_WEEK = TODAY - timedelta(days=6)


def member(folder: Path, url: str) -> Path:
    """A search head's app, which fetches one list from the server at `url`."""
    app_folder = Path(shutil.copytree(app(), folder / "etc" / "apps" / "ipthreat"))
    (app_folder / "local").mkdir()
    (app_folder / "local" / "ipthreat.conf").write_text(f"[feeds]\nnames = {FEED}\nmirror = {url}\n")
    return app_folder


def refreshing(folder: Path, here: Any, largest: int = 0) -> subprocess.Popen[str]:
    """The modular input under way; no file that it writes may be larger than `largest`."""
    script, key = folder / "bin" / "ipthreat_refresh_command.py", here.splunkd.state.log_in("splunk-system-user")
    limit = f"resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest}));" if largest else ""
    code = f"import resource, runpy, sys; sys.argv = ['x']; {limit}"
    code += f"runpy.run_path({str(script)!r}, run_name='__main__')"
    stdin = (
        f"<input><server_host>x</server_host><server_uri>{here.splunkd.url}</server_uri><session_key>{key}</session_key>"
        "<checkpoint_dir>/tmp</checkpoint_dir><configuration><stanza name='ipthreat_refresh_command://default'"
        " app='ipthreat'><param name='interval'>3600</param></stanza></configuration></input>"
    )
    command = [sys.executable, "-E", "-s", "-S", "-B", "-c", code]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"SPLUNK_HOME": str(here.home)},
    )
    assert process.stdin is not None
    process.stdin.write(stdin)
    process.stdin.close()
    process.stdin = None
    return process


def refreshed(folder: Path, here: Any, largest: int = 0) -> Dict[str, Any]:
    """The one event that a refresh writes."""
    output, _ = refreshing(folder, here, largest).communicate(timeout=60)
    (event,) = [json.loads(text) for text in re.findall(r"<data>(.*?)</data>", output)]
    return dict(event)


def later(folder: Path) -> None:
    """Lets a week pass since the publisher was asked, so that the feed is due again."""
    path = folder / "data" / "feeds" / f"{FEED}.json"
    told = json.loads(path.read_text())
    told.update({name: LAST_WEEK.isoformat() for name in ("asked", "checked") if told.get(name)})
    path.write_text(json.dumps(told))


def feeds_of(folder: Path, *addresses: str) -> List[object]:
    """The lists that hold the addresses, as a search tells."""
    table = table_from(("ip",), [{"ip": address} for address in addresses])
    return [row["ti_feeds"] for row in answer(ground(folder), "| ipthreat ip fields=feeds", table)]


def status_of(folder: Path) -> Dict[str, object]:
    """The row of the list in `| ipthreatstatus`."""
    (row,) = [row for row in answer(ground(folder), "| ipthreatstatus") if row["kind"] == "list"]
    return row


@pytest.fixture
def here(tmp_path):
    with place(tmp_path / "home") as found:
        yield found


@pytest.fixture
def settled(tmp_path, here):
    """A member with last week's list, whose feed is due."""
    here.vendor.route(f"/{FEED}", behaviours.data(OLD, last_modified=on_day(LAST_WEEK)))
    folder = member(tmp_path / "one", here.vendor.url)
    assert refreshed(folder, here)["state"] == "updated"
    later(folder)
    assert feeds_of(folder, LISTED, NEWLY) == [FEED, ""]
    return folder


# --- members that differ --------------------------------------------------------------------------


def test_two_members_that_refresh_at_different_times_say_of_when_their_list_is_and_agree_in_the_end(
    tmp_path, here, settled
):
    other = member(tmp_path / "two", here.vendor.url)
    here.vendor.route(f"/{FEED}", behaviours.data(NEW, last_modified=on_day(TODAY)))
    assert refreshed(other, here)["state"] == "updated"
    assert feeds_of(settled, NEWLY) == [""]
    assert feeds_of(other, NEWLY) == [FEED]
    dates = [str(status_of(folder)["date"]) for folder in (settled, other)]
    assert dates[0] < dates[1]
    assert refreshed(settled, here)["state"] == "updated"
    assert feeds_of(settled, LISTED, NEWLY) == feeds_of(other, LISTED, NEWLY) == [FEED, FEED]
    assert status_of(settled)["date"] == status_of(other)["date"]


def test_an_answer_says_of_when_the_list_is_that_it_rests_on(settled):
    rows = answer(ground(settled), f"| ipthreatlookup ip={LISTED}")
    (row,) = [row for row in rows if row["source"] == FEED]
    assert (row["status"], row["retrieved_at"][:10]) == ("ok", LAST_WEEK.strftime("%Y-%m-%d"))


@pytest.mark.parametrize("mode", ["fields=full", "fields=verdict,snapshot"])
def test_an_indexer_with_an_older_snapshot_is_told_by_the_date_in_its_answers(tmp_path, mode):
    here_, there = app(), tmp_path / "head"
    shutil.copytree(here_, there)
    path = there / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot"
    path.write_bytes(assemble(CONTENTS, "2025-01-31"))
    bundle = replicated(there, tmp_path / "searchpeers" / "head-1700000000" / "apps" / "ipthreat")
    table = table_from(("ip",), [{"ip": "20.0.1.1"}, {"ip": "30.1.2.3"}, {"ip": "10.0.0.1"}])
    dates = [
        [row["ti_snapshot"] for row in answer(ground(folder), f"| ipthreat ip mode=offline {mode}", table)]
        for folder in (here_, bundle)
    ]
    assert dates[1] == ["2025-01-31", "2025-01-31", ""]
    assert dates[0][0] == dates[0][1] > "2025-01-31"
    assert dates[0][2] == ""


def test_downloaded_lists_travel_to_the_indexers_and_their_copies_do_not(here, settled, tmp_path):
    bundles = tmp_path / "searchpeers"
    here.vendor.route(f"/{FEED}", behaviours.data(NEW, last_modified=on_day(TODAY)))
    before = replicated(settled, bundles / "head-1700000000" / "apps" / "ipthreat")
    assert refreshed(settled, here)["state"] == "updated"
    after = replicated(settled, bundles / "head-1700003600" / "apps" / "ipthreat")
    assert (feeds_of(before, NEWLY), feeds_of(after, NEWLY)) == ([""], [FEED])
    assert feeds_of(before, LISTED) == feeds_of(after, LISTED) == [FEED]
    assert [path.name for path in (after / "data").iterdir()] == ["lists.snapshot"]


# --- a refresh that does not come to its end ------------------------------------------------------


def test_a_refresh_killed_half_way_leaves_the_old_list_and_the_next_one_succeeds(here, settled):
    reached = threading.Event()

    def stalled(talk):
        talk.head(200, {"Content-Length": str(len(NEW))})
        talk.write(NEW[:-9])
        reached.set()
        talk.pause(60.0)

    here.vendor.route(f"/{FEED}", stalled)
    with refreshing(settled, here) as process:
        assert reached.wait(60)
        process.send_signal(signal.SIGKILL)
    assert feeds_of(settled, LISTED, NEWLY) == [FEED, ""]
    assert str(status_of(settled)["date"]) == LAST_WEEK.strftime("%Y-%m-%d")
    here.vendor.route(f"/{FEED}", behaviours.data(NEW, last_modified=on_day(TODAY)))
    assert refreshed(settled, here)["state"] == "updated"
    assert feeds_of(settled, NEWLY) == [FEED]


def test_a_full_disk_leaves_the_old_list_and_is_told_in_event_log_and_nowhere_else(here, settled):
    here.vendor.route(f"/{FEED}", behaviours.data(NEW, last_modified=on_day(TODAY)))
    event = refreshed(settled, here, largest=2000)
    assert event["state"] == "kept"
    assert "cannot be written" in event["reason"]
    assert "outcome=incomplete" in here.log
    assert feeds_of(settled, LISTED, NEWLY) == [FEED, ""]
    assert str(status_of(settled)["date"]) == LAST_WEEK.strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    "fault", [behaviours.html_page(), behaviours.status(503), behaviours.data(b""), behaviours.cut_off(NEW)]
)
def test_a_feed_that_turns_into_a_web_page_or_nothing_leaves_the_old_list_and_the_status_says_why(here, settled, fault):
    here.vendor.route(f"/{FEED}", fault)
    event = refreshed(settled, here)
    assert event["state"] == "kept"
    assert feeds_of(settled, LISTED, NEWLY) == [FEED, ""]
    row = status_of(settled)
    assert (row["status"], row["reason"]) == ("ok", event["reason"])
    assert row["reason"]
    assert "outcome=incomplete" in here.log
    assert "<html" not in str(row) + here.log
