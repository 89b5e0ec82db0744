"""Files of the app's own machine in cached and live searches: looked up by the handler, sent to nobody."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from mmdb import write_mmdb
from searches import app, ground, records
from splunkds import place

from ipthreat.errors import InputError
from ipthreat.splunk.broker_settings import broker_settings
from ipthreat.splunk.protocol import table_from
from ipthreat.splunk.runner import run

LISTED, OTHER = "20.0.1.9", "20.0.2.9"
NO_MACHINE_CODE = shutil.ignore_patterns("*.so")
TABLE = table_from(("src_ip",), [{"src_ip": LISTED}, {"src_ip": OTHER}, {"src_ip": "10.0.0.1"}])


@pytest.fixture
def here(tmp_path: Path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "talos.txt").write_text(f"{LISTED}\n")
    with place(tmp_path) as found:
        found.splunkd.state.confs["ipthreat"]["provider:talos"] = {"blocklist": "talos.txt"}
        yield found


def search(here, words: str):
    key = here.splunkd.state.log_in("analyst")
    there = ground(app(), splunkd_uri=here.splunkd.url, session_key=key)
    return run(there, f"| ipthreat src_ip {words} fields=verdict,sources,status", TABLE)


def states(result, source: str = "talos"):
    told = [[item.partition("=")[::2] for item in record["ti_sources"]] for record in records(result)]
    return [[status for name, status in items if name == source] for items in told]


@pytest.mark.parametrize("mode, asked", [("cached", []), ("live", [LISTED, OTHER])])
def test_a_search_knows_the_block_list_and_tells_of_talos_once(here, mode: str, asked: list):
    result = search(here, f"mode={mode}")
    assert (result.failed, result.messages) == (False, [])
    assert states(result) == [["ok"], ["unavailable"], []]
    assert sorted(here.looked_up) == asked


def test_an_offline_search_looks_up_no_file_of_the_handler(here):
    assert states(search(here, "mode=offline")) == [["unavailable"], ["unavailable"], []]


def test_a_database_tells_of_owners_once_its_reader_is_in_the_app(tmp_path: Path):
    reader = Path(pytest.importorskip("maxminddb").__file__).parent
    installed = Path(shutil.copytree(app(), tmp_path / "etc" / "apps" / "ipthreat"))
    for folder, asn in ((tmp_path / "without", ["error", "error"]), (tmp_path / "with", ["ok", "not_found"])):
        (folder / "etc").mkdir(parents=True)
        (folder / "etc" / "asn.mmdb").write_bytes(write_mmdb({f"{LISTED}/32": {"autonomous_system_number": 64501}}))
        with place(folder, installed=installed) as here:
            here.splunkd.state.confs["ipthreat"]["provider:maxmind"] = {"mmdb": "asn.mmdb"}
            assert states(search(here, "mode=cached"), "maxmind") == [[asn[0]], [asn[1]], []]
        for part in reader.parent.glob("maxminddb*"):  # as `pip install --target` lays them
            shutil.copytree(part, installed / "lib" / part.name, ignore=NO_MACHINE_CODE, dirs_exist_ok=True)


def test_a_list_that_was_replaced_counts_at_once_and_one_that_cannot_be_used_is_told(here, tmp_path: Path):
    assert states(search(here, "mode=cached"))[0] == ["ok"]
    path = tmp_path / "etc" / "talos.txt"
    path.write_text(f"{OTHER}\n")
    os.utime(path, (1, 1))
    assert states(search(here, "mode=cached")) == [["unavailable"], ["ok"], []]
    path.write_text("<html>terms</html>")
    for _ in range(2):
        result = search(here, "mode=cached")
        assert states(result)[0] == ["error"]
        assert any("is a page of HTML" in text for _, text in result.messages)
        assert not result.failed


@pytest.mark.parametrize("place_of_it", ["/srv/talos.txt", "../../talos.txt", "apps/../../talos.txt"])
def test_a_file_outside_the_installation_is_refused(here, place_of_it: str):
    here.splunkd.state.confs["ipthreat"]["provider:talos"] = {"blocklist": place_of_it}
    status, told = here.ask("POST", "ipthreat/evidence", {"addresses": [LISTED]})
    assert (status, "below $SPLUNK_HOME/etc" in told["error"]) == (400, True)


def test_the_dashboards_judge_by_it_as_well(here):
    _, told = here.ask("POST", "ipthreat/assess", {"addresses": [LISTED], "mode": "cached"})
    (one,) = told["assessments"]
    assert [item["status"] for item in one["evidence"] if item["source"] == "talos"] == ["ok"]


def test_an_administrator_may_set_it_through_the_handler_and_a_slip_is_refused(here):
    def settle(**values):
        return here.ask("POST", "ipthreat/settings", {"stanza": "provider:talos", "values": values}, user="admin")

    assert settle(blocklist="other.txt")[0] == 200
    status, told = settle(block_list="other.txt")
    assert (status, "there is no setting 'block_list'" in told["error"]) == (400, True)
    assert here.splunkd.state.confs["ipthreat"]["provider:talos"]["blocklist"] == "other.txt"


def test_local_files_are_no_providers_that_are_asked():
    stanzas = {"live": {"providers": "talos, rdap, maxmind"}, "provider:talos": {"blocklist": "a.txt"}}
    found = broker_settings(stanzas, {}, {"rdap": ()})
    assert (list(found.live.providers), dict(found.absent)) == (["rdap"], {})
    assert (found.local.blocklist, found.local.mmdb) == (Path("a.txt"), ())
    assert broker_settings({"provider:talos": {"blocklist": "a", "enabled": "0"}}, {}, {}).local.blocklist is None
    with pytest.raises(InputError, match="takes one file"):
        broker_settings({"provider:talos": {"blocklist": "a, b"}}, {}, {})
