"""Databases and block lists of the user: opened once, looked up here, and refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from mmdb import write_mmdb

from ipthreat.configuration import LocalFiles
from ipthreat.dossier import Status, Verdict
from ipthreat.errors import EvidenceError, InputError
from ipthreat.localfiles import NO_FILES, open_local, open_or_fail

ADDRESS = "45.9.20.7"


def test_without_files_nothing_is_stated():
    assert open_local(LocalFiles()) == NO_FILES
    assert NO_FILES.evidence(ADDRESS) == ()


def test_a_block_list_states_a_suspicion_or_that_the_source_is_unavailable(tmp_path: Path):
    (tmp_path / "talos.txt").write_text(f"{ADDRESS}\n")
    local = open_local(LocalFiles(blocklist=tmp_path / "talos.txt"))
    (listed,) = local.evidence(ADDRESS)
    (other,) = local.evidence("9.9.9.9")
    assert (listed.source, listed.status, listed.verdict) == ("talos", Status.OK, Verdict.SUSPICIOUS)
    assert (other.source, other.status) == ("talos", Status.UNAVAILABLE)


def test_several_databases_are_one_source(tmp_path: Path):
    pytest.importorskip("maxminddb")
    (tmp_path / "a.mmdb").write_bytes(write_mmdb({f"{ADDRESS}/32": {"autonomous_system_number": 64501}}))
    (tmp_path / "c.mmdb").write_bytes(write_mmdb({f"{ADDRESS}/32": {"country": {"iso_code": "NO"}}}))
    (item,) = open_local(LocalFiles((tmp_path / "a.mmdb", tmp_path / "c.mmdb"))).evidence(ADDRESS)
    assert (item.source, item.asn, item.country) == ("maxmind", 64501, "NO")


def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path):
    pytest.importorskip("maxminddb")
    (tmp_path / "x").write_text("<html>")
    with pytest.raises(EvidenceError, match="is a page of HTML"):
        open_local(LocalFiles(blocklist=tmp_path / "x"))
    with pytest.raises(InputError, match="is no database in MaxMind's format"):
        open_local(LocalFiles((tmp_path / "x",)))
    with pytest.raises(InputError, match="cannot be read"):
        open_local(LocalFiles((tmp_path / "none",)))


def test_files_that_cannot_be_used_stand_for_their_failure_where_a_run_goes_on(tmp_path: Path):
    (tmp_path / "x").write_text("<html>")
    (item,) = open_or_fail(LocalFiles(blocklist=tmp_path / "x")).evidence(ADDRESS)
    assert (item.source, item.status, item.verdict) == ("talos", Status.ERROR, Verdict.UNKNOWN)
    assert "is a page of HTML" in item.reason
    assert open_or_fail(LocalFiles()) == NO_FILES
