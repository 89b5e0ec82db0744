"""What a run returns: a table, explanations, reports, diffs, what-ifs, and a file that gives the same again."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import datetime, timezone

import pandas
import pytest
from cases import build_case, crowded_case, golden_case, quiet_case
from dossiers import NOW, dossier, sighting, virustotal
from frames import SAMPLE, demo_events, demo_ground

import ipthreat.notebook as ti
from ipthreat.dossier import Allowance
from ipthreat.errors import InputError, PolicyError
from ipthreat.notebook.saving import decoded, encoded
from ipthreat.policy import POLICIES, Policy
from ipthreat.report import tables
from ipthreat.report.formats import FORMATS

GOLDEN = ti.Result(golden_case())
CASES = [golden_case(), crowded_case(30), quiet_case(), demo_events().ipthreat.assess("src_ip", on=demo_ground()).case]


def test_the_table_is_the_csv_report_with_dtypes():
    table = GOLDEN.table
    assert table.index.tolist() == [SAMPLE, "14.103.172.199"]
    assert list(table.columns) == list(tables.COLUMNS[1:])
    assert table.loc[SAMPLE, "confidence"] == 10
    assert table["priority"].astype(str).tolist() == ["High", "Medium"]
    assert str(table["last_seen"].dtype) == "datetime64[s, UTC]"
    assert table["active"].dtype == "boolean"


def test_an_address_is_found_however_it_is_written():
    assert GOLDEN.assessment("18.237.3[.]202:443").confidence == 10
    for absent in ("8.8.8.8", "rubbish"):
        with pytest.raises(InputError, match="is not among the addresses judged here"):
            GOLDEN.assessment(absent)


def test_an_explanation_shows_the_waterfall_and_what_would_change_the_priority():
    told = GOLDEN.explain(SAMPLE)
    assert str(told).startswith("18.237.3.202: malicious, confidence 10/10, severity Low, priority High\n -2.20")
    assert told.table["total"].iloc[-1] == pytest.approx(told.assessment.log_odds)
    assert told.table["nats"].iloc[1:-1].sum() + told.table["nats"].iloc[0] == pytest.approx(told.assessment.log_odds)
    assert told.data["confidence"] == 10
    assert "<table" in told._repr_html_()
    private = ti.check("10.0.0.1", on=demo_ground()).explain("10.0.0.1")
    assert str(private) == "10.0.0.1: not a global address (private); nobody was asked"
    assert "nobody was asked" in private._repr_html_()


@pytest.mark.parametrize("kind", [*FORMATS, "blocklist:nftables"])
def test_every_form_of_the_command_line_can_be_had(kind, tmp_path):
    report = GOLDEN.report(kind)
    assert len(str(report)) > 20
    assert report.save(tmp_path / "report").read_text(encoding="utf-8") == str(report)
    shown = report._repr_html_()
    assert ("srcdoc" in shown) == (kind == "html")
    assert "<script" not in shown


def test_reports_are_written_into_a_folder(tmp_path):
    assert {path.name for path in GOLDEN.reports(tmp_path / "all")} == {form.file for form in FORMATS.values()}
    with pytest.raises(InputError, match="cannot be written there"):
        GOLDEN.report("threat").save(tmp_path / "absent" / "report.txt")
    with pytest.raises(InputError, match="there is no format 'pdf2'"):
        GOLDEN.report("pdf2")


def test_text_from_outside_is_inert_in_what_a_notebook_shows():
    nasty = "<script>alert(1)</script>"
    seen = sighting(user_agents=((nasty, 3),))
    result = ti.Result(build_case(dossier(virustotal(9, 3), sighting=seen), title=nasty))
    for shown in (result._repr_html_(), result.report("html")._repr_html_(), result.report("threat")._repr_html_()):
        assert nasty not in shown


def test_another_policy_judges_the_same_evidence():
    bulk = GOLDEN.what_if("bulk")
    assert bulk.assessment(SAMPLE).confidence < 10
    assert GOLDEN.assessment(SAMPLE).confidence == 10
    lower = GOLDEN.what_if(weights={"virustotal.engines": 1.0}, prior=0.05)
    assert lower.case.policy.version.endswith("+changed")
    assert lower.assessment("14.103.172.199").confidence < 8
    assert GOLDEN.what_if(POLICIES["bulk"]).table.equals(bulk.table)
    with pytest.raises(PolicyError, match="there is no weight named virustotal"):
        GOLDEN.what_if(weights={"virustotal": 1.0})
    with pytest.raises(PolicyError, match="the prior must lie between 0 and 1"):
        GOLDEN.what_if(prior=2.0)
    with pytest.raises(InputError, match="a policy has no value 'colour'"):
        GOLDEN.what_if(colour=1)


def test_a_diff_tells_what_is_new_gone_higher_and_lower():
    before = ti.Result(build_case(
        dossier(virustotal(2, 0), address="81.2.69.160"), dossier(virustotal(9, 3), address="81.2.69.161"),
        dossier(virustotal(9, 3), address="81.2.69.162"), dossier(virustotal(1, 0), address="81.2.69.163"),
    ))  # fmt: skip
    after = ti.Result(build_case(
        dossier(virustotal(9, 3), address="81.2.69.160"), dossier(virustotal(1, 0), address="81.2.69.161"),
        dossier(virustotal(9, 3), address="81.2.69.164"), dossier(virustotal(1, 0), address="81.2.69.163"),
    ))  # fmt: skip
    table = after.diff(before).table
    assert table["change"].astype(str).to_dict() == {
        "81.2.69.164": "new", "81.2.69.160": "rose", "81.2.69.161": "fell",
        "81.2.69.162": "gone", "81.2.69.163": "same",
    }  # fmt: skip
    assert table.loc["81.2.69.160", "nats"] > 1
    assert pandas.isna(table.loc["81.2.69.164", "confidence_before"])
    assert len(after.diff(before).changes) == 4
    assert "1 new, 1 rose, 1 fell, 1 gone, 1 same" in repr(after.diff(before))
    assert "same" not in after.diff(before)._repr_html_().partition("<table")[2]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", ["result.json", "result.json.gz"])
def test_a_saved_result_is_the_same_when_it_is_loaded(case, name, tmp_path):
    path = ti.Result(case).save(tmp_path / name)
    loaded = ti.load(path)
    assert loaded.case == case
    assert loaded.case.report_id == case.report_id
    assert str(loaded.report("json")) == str(ti.Result(case).report("json"))


def test_saving_twice_gives_the_same_bytes(tmp_path):
    one, other = (GOLDEN.save(tmp_path / name) for name in ("a.json.gz", "b.json.gz"))
    assert one.read_bytes() == other.read_bytes()


def test_an_allowance_and_a_changed_policy_survive_a_file(tmp_path):
    allowed = dossier(virustotal(9, 3), allowance=Allowance("198.51.100.0/24", "ours", NOW))
    result = ti.Result(build_case(allowed)).what_if(weights={"greynoise.benign": -3.0}, prior=0.2)
    assert ti.load(result.save(tmp_path / "x.json")).case == result.case


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(format="other/1"),
        lambda data: data["case"].update(as_of="soon"),
        lambda data: data["case"].update(tlp="TLP:PINK"),
        lambda data: data["case"].pop("policy"),
        lambda data: data["case"]["policy"].update(prior="high"),
        lambda data: data["dossiers"].append("x"),
        lambda data: data["dossiers"][0].update(colour=1),
        lambda data: data["dossiers"][0]["evidence"][0].update(status="perhaps"),
        lambda data: data["dossiers"][0]["evidence"][0].update(asn=1.5),
        lambda data: data["case"].update(policy={**data["case"]["policy"], "prior": 3}),
    ],
)
def test_a_damaged_file_is_refused_in_one_sentence(change, tmp_path):
    path = GOLDEN.save(tmp_path / "x.json")
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))
    with pytest.raises(InputError):
        ti.load(path)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", gzip.compress(b"{}")[:9], b"{" * 9999], ids=range(5))
def test_what_is_no_such_file_is_refused_in_one_sentence(content, tmp_path):
    for name in ("x.json", "x.json.gz"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=r"is no file of format ipthreat-result/1|cannot be read"):
            ti.load(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        ti.load(tmp_path / "absent.json")


def test_a_result_that_would_be_judged_otherwise_today_says_so(tmp_path):
    path = GOLDEN.save(tmp_path / "x.json")
    data = json.loads(path.read_text())
    data["axes"][0][2] = 3
    path.write_text(json.dumps(data))
    with pytest.warns(UserWarning, match="judges this evidence otherwise than it was saved"):
        assert ti.load(path).assessment(SAMPLE).confidence == 10


def test_values_survive_the_codec():
    policy = replace(POLICIES["standard"], lifetimes={"abuseipdb": 9.0}, short_lived=frozenset({"cloud"}))
    assert decoded(Policy, json.loads(json.dumps(encoded(policy)))) == policy
    moment = datetime(2026, 11, 24, 12, 0, 0, 5, timezone.utc)
    assert decoded(datetime, encoded(moment)) == moment


def test_a_result_says_in_a_line_what_it_holds():
    assert repr(GOLDEN).startswith("<Result 'reference addresses' 2 addresses: 2 hostile, 2 raised; as of ")
    assert "<table" in GOLDEN._repr_html_()
