"""The user's own databases and block lists in a notebook: the same word as on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Dict

import pytest
from mmdb import write_mmdb

pandas = pytest.importorskip("pandas", reason="pandas is needed for notebooks")

import ipthreat.notebook as ti  # noqa: E402 after pandas is known to be there
from ipthreat.cli import main  # noqa: E402 likewise
from ipthreat.errors import EvidenceError  # noqa: E402 likewise
from ipthreat.notebook.ground import Ground  # noqa: E402 likewise

LISTED, OTHER = "45.9.20.7", "81.2.69.160"
FRAME = pandas.DataFrame({"src": [LISTED, OTHER, "10.0.0.1", LISTED]})


@pytest.fixture
def home(tmp_path: Path) -> Dict[str, str]:
    pytest.importorskip("maxminddb")
    (tmp_path / "asn.mmdb").write_bytes(write_mmdb({f"{LISTED}/32": {"autonomous_system_number": 64501}}))
    (tmp_path / "talos.txt").write_text(f"{LISTED}\n")
    conf = tmp_path / "ipthreat.conf"
    conf.touch(0o600)
    conf.write_text(f"[maxmind]\nmmdb = {tmp_path}/asn.mmdb\n[talos]\nblocklist = {tmp_path}/talos.txt\n")
    return {"IPTHREAT_HOME": str(tmp_path)}


def test_enrich_and_assess_look_them_up(home) -> None:
    ground = Ground.of(environment=home)
    told = ti.enrich(FRAME, "src", fields="sources,talos_reputation,reasons", on=ground)
    sources = dict(zip(told["src"], told["ti_sources"].map(str)))
    assert "talos=ok" in sources[LISTED]
    assert "maxmind=ok" in sources[LISTED]
    assert "talos=unavailable" in sources[OTHER]
    assert "maxmind=not_found" in sources[OTHER]
    assert "talos" not in sources["10.0.0.1"]
    found = {item.address: item for item in ti.assess(FRAME, "src", on=ground).case.assessments}
    assert found[LISTED].dossier.source("talos").status.value == "ok"


def test_a_notebook_and_the_command_line_agree(home, capsys) -> None:
    ours = ti.check(LISTED, OTHER, on=Ground.of(environment=home)).case.assessments
    assert main(["check", LISTED, OTHER, "--json"], home) == 0
    theirs = json.loads(capsys.readouterr().out)["assessments"]
    for one, other in zip(ours, theirs):
        assert one.confidence == other["confidence"]
        assert [item.source for item in one.dossier.evidence] == [item["source"] for item in other["evidence"]]


def test_calibrate_judges_by_them_as_well(home, tmp_path: Path, capsys) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(f"address,label\n{LISTED},hostile\n{OTHER},benign\n")
    assert main(["calibrate", str(labels), "--json"], home) == 0
    with_list = json.loads(capsys.readouterr().out)
    assert main(["calibrate", str(labels), "--json"], {"IPTHREAT_HOME": str(tmp_path / "empty")}) == 0
    without = json.loads(capsys.readouterr().out)
    assert "talos" in {ratio["signal"].partition(".")[0].partition(" ")[0] for ratio in with_list["ratios"]}
    assert with_list["brier"] < without["brier"]


def test_what_an_analyst_has_looked_up_goes_before_the_block_list(home, tmp_path: Path) -> None:
    answer = {"provider": "talos", "address": LISTED, "body": {"reputation": "Trusted"}}
    path = tmp_path / "talos.json"
    path.write_text(json.dumps({"format": "ipthreat-evidence/1", "answers": [answer]}))
    (item,) = ti.check(LISTED, on=Ground.of(environment=home, evidence=path)).case.assessments
    assert [entry.labels for entry in item.dossier.evidence if entry.source == "talos"] == [("trusted",)]


def test_a_file_that_cannot_be_used_is_told_before_the_work(home, tmp_path: Path) -> None:
    (tmp_path / "talos.txt").write_text("<html>terms</html>")
    with pytest.raises(EvidenceError, match="is a page of HTML"):
        Ground.of(environment=home)
