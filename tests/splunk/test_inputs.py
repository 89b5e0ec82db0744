"""The modular input over its real script: scheme, refresh, and what goes wrong told in one event."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from xml.etree import ElementTree

import pytest
from searches import ROOT, app
from splunkds import place

from ipthreat.splunk.conf import read_conf
from ipthreat.testkit import behaviours

LIST = b"# a list\n203.0.113.9\n20.1.2.3\n20.1.2.4\n" + b"".join(
    b"20.9.%d.%d\n" % (n // 250, n % 250) for n in range(1200)
)


def started(folder, here, *words, logged_in=True):
    """The script's output, run on standard input as splunkd does."""
    token = here.splunkd.state.log_in("splunk-system-user") if logged_in else "expired"
    stdin = (
        f"<input><server_host>x</server_host><server_uri>{here.splunkd.url}</server_uri><session_key>{token}"
        "</session_key><checkpoint_dir>/tmp</checkpoint_dir><configuration><stanza name='ipthreat_refresh_command://default'"
        " app='ipthreat'><param name='interval'>3600</param></stanza></configuration></input>"
    )
    script = folder / "bin" / "ipthreat_refresh_command.py"
    command = [sys.executable, "-E", "-s", "-S", "-B", str(script), *words]
    environment = {"SPLUNK_HOME": str(here.home)}
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=environment, check=False, timeout=60
    )


def told(done):
    """What the events say."""
    return [json.loads(text) for text in re.findall(r"<data>(.*?)</data>", done.stdout)]


@pytest.fixture
def here(tmp_path):
    with place(tmp_path) as found:
        yield found


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(app(), tmp_path / "etc" / "apps" / "ipthreat")


def settle(folder, **feeds):
    (folder / "local").mkdir()
    lines = "".join(f"{name} = {value}\n" for name, value in feeds.items())
    (folder / "local" / "ipthreat.conf").write_text(f"[feeds]\n{lines}")


def test_it_tells_its_scheme(folder, here):
    root = ElementTree.fromstring(started(folder, here, "--scheme").stdout)  # noqa: S314  # our own script wrote it
    assert (root.tag, root.findtext("title")) == ("scheme", "IP threat lists")


def test_each_input_runs_by_itself_so_that_its_own_interval_holds(folder, here):
    root = ElementTree.fromstring(started(folder, here, "--scheme").stdout)  # noqa: S314  # our own script wrote it
    assert root.findtext("use_single_instance") == "false"
    own = {name: pairs for name, pairs in read_conf(ROOT, "inputs").items() if name.endswith("://default")}
    assert [int(pairs["interval"]) > 0 for pairs in own.values()] == [True]


def test_two_inputs_that_run_at_once_refresh_one_after_the_other(folder, here):
    here.vendor.route("/greensnow", behaviours.after(0.3, behaviours.data(LIST)))
    settle(folder, names="greensnow", mirror=here.vendor.url)
    found = []
    threads = [threading.Thread(target=lambda: found.append(started(folder, here))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in found] == [0, 0]
    assert sorted(told(done)[0]["state"] for done in found) == ["not due", "updated"]
    assert len(here.vendor.asked) == 1


def test_a_refresh_compiles_the_lists_and_writes_an_event_per_list(folder, here):
    here.vendor.route("/greensnow", behaviours.data(LIST))
    settle(folder, names="greensnow", mirror=here.vendor.url)
    done = started(folder, here)
    (event,) = told(done)
    assert (event["list"], event["state"], event["entries"] > 1000) == ("greensnow", "updated", True), event
    assert (folder / "data" / "lists.snapshot").exists()
    assert "input=ipthreat_refresh outcome=refreshed" in here.log


def test_what_a_publisher_fails_at_is_told_and_the_last_good_list_stands(folder, here):
    here.vendor.route("/greensnow", behaviours.status(500))
    settle(folder, names="greensnow", mirror=here.vendor.url)
    (event,) = told(started(folder, here))
    assert event["state"] == "failed"
    assert "outcome=incomplete" in here.log


@pytest.mark.parametrize("names, words", [("nobody", "there is no feed named 'nobody'")])
def test_settings_that_cannot_be_used_are_one_event(folder, here, names, words):
    settle(folder, names=names)
    (event,) = told(started(folder, here))
    assert (event["state"], words in event["reason"]) == ("failed", True)


def test_without_knowing_the_proxy_nothing_is_fetched(folder, here):
    settle(folder, names="greensnow", mirror=here.vendor.url)
    (event,) = told(started(folder, here, logged_in=False))
    assert "not known whether by a proxy" in event["reason"]
    assert here.vendor.asked == ()
