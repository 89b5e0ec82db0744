"""`splunk diag`: the app's part of it over the real script, and what the rest of a diag must leave out."""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest
from searches import ROOT, app

from ipthreat.splunk.conf import read_conf

CANARY = "canary-key-6e0d1c2b"
CONF = f"""[settings]
default_mode = live
own_networks = 198.51.100.0/24
[live]
budget = 7
proxy_note = {CANARY}
[feeds]
mirror = https://me:{CANARY}@mirror.example:8443/{CANARY}?token={CANARY}
[provider:misp]
base_url = https://{CANARY}@misp.example/{CANARY}
no_send = 203.0.113.0/24
key = {CANARY}
{CANARY} = x
[delivery]
indexes = summary
"""


# Loads the script that app.conf names as `splunk diag` loads it, and prints what it hands over.
LOADED = """
import json, runpy, sys
script, app = sys.argv[1:]
module = runpy.run_path(script)
class Archive:
    texts = {}
    def add_string(self, text, path):
        self.texts[path] = text
archive = Archive()
module["setup"](parser=None, callback=None, app_dir=app)
module["collect_diag_info"](archive, options=None, global_options=None, app_dir=app, app_name="ipthreat")
print(json.dumps(archive.texts))
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """An app with settings, a list, a lookup and keys that Splunk keeps beside them."""
    place = Path(shutil.copytree(app(), tmp_path / "etc" / "apps" / "ipthreat"))
    (place / "local").mkdir()
    (place / "data").mkdir()
    (place / "local" / "ipthreat.conf").write_text(CONF.replace(f"{CANARY} = x\n", ""))
    (place / "local" / "passwords.conf").write_text(f"[credential:ipthreat:virustotal:]\npassword = {CANARY}\n")
    (place / "lookups" / "ours.csv").write_text(f"network,reason\n192.0.2.0/24,{CANARY}\n")
    return place


def collected(folder: Path) -> Dict[str, str]:
    """Path in the archive → text."""
    script = folder / "bin" / read_conf(folder, "app")["diag"]["extension_script"]
    command = [sys.executable, "-S", "-E", "-c", LOADED, str(script), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return dict(json.loads(done.stdout))


def test_no_key_address_or_network_of_ours_is_in_it(folder):
    told = "\n".join(f"{path}\n{text}" for path, text in collected(folder).items())
    for secret in (CANARY, "198.51.100", "203.0.113", "192.0.2"):
        assert secret not in told


def test_the_settings_are_told_where_they_are_no_secret_and_as_set_where_they_might_be(folder):
    settings = json.loads(collected(folder)["settings.json"])
    assert (settings["settings"]["default_mode"], settings["live"]["budget"]) == ("live", "7")
    assert settings["settings"]["own_networks"] == settings["provider:misp"]["no_send"] == "[set]"
    assert settings["provider:misp"]["base_url"] == "https://misp.example"
    assert settings["feeds"]["mirror"] == "https://mirror.example"


def test_files_are_told_by_name_and_size_alone(folder):
    files = {item["file"]: item["bytes"] for item in json.loads(collected(folder)["files.json"])}
    assert files["lookups/ours.csv"] == (folder / "lookups" / "ours.csv").stat().st_size
    assert "local/ipthreat.conf" in files


def test_it_has_the_rows_of_ipthreatstatus(folder):
    rows = list(csv.DictReader(io.StringIO(collected(folder)["status.csv"])))
    assert {row["kind"] for row in rows} == {"part", "provider"}
    assert all(row["status"] for row in rows)


def test_it_says_which_version_of_the_app_and_of_python_it_is_from(folder):
    about = json.loads(collected(folder)["about.json"])
    assert about["python"] == sys.version.split()[0]
    assert set(about) == {"ipthreat", "python", "collected"}


def test_settings_that_cannot_be_read_are_one_sentence(folder):
    (folder / "local" / "ipthreat.conf").write_text(f"[live\nx = {CANARY}")
    texts = collected(folder)
    assert list(json.loads(texts["settings.json"])) == ["unreadable"]
    assert CANARY not in texts["settings.json"]
    assert "status.csv" in texts


@pytest.mark.parametrize("url", ["https://[bad", "not a url", "//x@y/", "javascript:alert(1)"])
def test_a_url_that_is_none_is_not_told(folder, url):
    (folder / "local" / "ipthreat.conf").write_text(f"[feeds]\nmirror = {url}{CANARY}\n")
    assert CANARY not in collected(folder)["settings.json"]


def test_a_snapshot_that_is_gone_is_told(folder):
    (folder / "lib" / "ipthreat" / "snapshot" / "data" / "ipthreat.snapshot").unlink()
    assert "part,snapshot,error" in collected(folder)["status.csv"]


def test_it_needs_neither_splunkd_nor_the_sdk(folder):
    shutil.rmtree(folder / "lib" / "splunklib")
    assert "status.csv" in collected(folder)


# --- what the rest of a diag leaves out -----------------------------------------------------------


def excluded(path: str) -> bool:
    rules = read_conf(ROOT, "server")["diag"].values()
    return any(fnmatch.fnmatch(f"/opt/splunk/{path}", rule) for rule in rules)


@pytest.mark.parametrize(
    "path",
    [
        "etc/apps/ipthreat/local/passwords.conf",
        "etc/apps/ipthreat/data/lists.snapshot",
        "etc/apps/ipthreat/data/feeds/ipsum.txt",
        "etc/apps/ipthreat/lookups/our_scanners.csv",
        "etc/apps/ipthreat/lib/ipthreat/snapshot/data/ipthreat.snapshot",
        "var/lib/splunk/ipthreat/evidence.sqlite",
        "var/lib/splunk/ipthreat/egress.log",
        "var/lib/splunk/ipthreat/reports/1/actionable.html",
    ],
)
def test_a_diag_leaves_out_keys_answers_reports_and_what_is_large(path):
    assert excluded(path)


@pytest.mark.parametrize("path", ["etc/apps/ipthreat/default/app.conf", "var/log/splunk/ipthreat.log"])
def test_a_diag_has_the_defaults_and_the_log(path):
    assert not excluded(path)
