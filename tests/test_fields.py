"""The table of output fields, and how a value becomes cells."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases import first_reference_address
from dossiers import NOW, SNAPSHOT, block_list, dossier, provider, silent
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.assessment import assess
from ipthreat.dossier import Dossier, Status
from ipthreat.errors import InputError
from ipthreat.fields import FIELDS, Subject, chosen, extra, owner_of
from ipthreat.policy import POLICIES
from ipthreat.splunk.encoding import Encoder
from ipthreat.splunk.protocol import table_of, values_of


def subject(found: Dossier) -> Subject:
    judged = assess(found, POLICIES["standard"], NOW)
    return Subject(judged.address, owner_of(judged), judged)


def values(found: Dossier) -> dict:
    """Name → value of every field."""
    return {item.name: item.read(subject(found)) for item in FIELDS}


def test_core_has_the_twelve_fields_in_their_order():
    assert " ".join(item.name for item in chosen("core")) == (
        "verdict confidence severity priority reasons flags asn org network country rir status"
    )


def test_full_begins_with_core_and_leaves_out_what_options_add():
    full = [item.name for item in chosen("full")]
    assert full[:12] == [item.name for item in chosen("core")]
    assert not {"explanation", "risk_score"} & set(full)


def test_a_list_of_fields_is_taken_with_and_without_the_prefix_in_the_order_of_the_table():
    assert [item.name for item in chosen("ti_status, asn  verdict")] == ["verdict", "asn", "status"]


@pytest.mark.parametrize("text", ["", " , ", "verdict,nonsense", "ti_ti_asn", "explanation", "x{y}"])
def test_an_unknown_field_is_refused_with_the_names_there_are(text):
    with pytest.raises(InputError, match=r"there are core, full, .*verdict"):
        chosen(text)


def test_the_reference_address_gives_what_the_reference_report_says():
    found = values(first_reference_address())
    assert (found["verdict"], found["confidence"], found["severity"], found["priority"]) == (
        "malicious",
        10,
        "Low",
        "High",
    )
    assert (found["asn"], found["org"], found["network"]) == (16509, "AMAZON-02", "18.236.0.0/15")
    assert (found["country"], found["rir"], found["indicator"]) == ("US", "ARIN", "Malicious IP Detected")
    assert [found[f"vt_{name}"] for name in ("malicious", "suspicious", "undetected", "harmless")] == [7, 4, 26, 58]
    assert "Fortinet=malicious" in found["vt_engines"]
    assert found["talos_reputation"] == "unavailable"
    assert "suspicious_user_agent" in found["flags"]
    assert (found["risk_score"], found["threat_object"], found["threat_object_type"]) == (
        100,
        "18.237.3.202",
        "ip_address",
    )
    assert (found["risk_object"], found["risk_object_type"]) == ("18.237.3.202", "system")
    assert found["annotations.mitre_attack"] == ("T1595",)


def test_a_source_without_an_answer_has_no_figures_and_says_why():
    found = values(dossier(silent("virustotal", Status.RATE_LIMITED), silent("abuseipdb", Status.NOT_ASKED)))
    assert (found["vt_malicious"], found["vt_engines"], found["abuseipdb_score"]) == (None, (), None)
    assert found["sources"] == ("abuseipdb=not_asked", "snapshot=ok", "virustotal=rate_limited")
    assert found["risk_score"] is None


def test_lists_and_scores_are_told():
    found = values(dossier(block_list("ipsum", "level_3", 2), provider("abuseipdb", score=90, reports=12)))
    assert found["feeds"] == ("ipsum",)
    assert (found["abuseipdb_score"], found["abuseipdb_reports"], found["age"]) == (90, 12, 2)


@pytest.mark.parametrize("scope", ["invalid", "private"])
def test_what_is_not_looked_up_has_a_status_and_nothing_else(scope):
    found = values(Dossier("10.0.0.1", scope))
    assert found["status"] == ("invalid" if scope == "invalid" else "not_global")
    assert (found["confidence"], found["asn"], found["link"], found["sources"]) == (None, None, None, ())


def test_the_explanation_sums_up_to_the_judgement():
    (steps,) = [item.read(subject(first_reference_address())) for item in extra("explain")]
    assert steps[0].endswith("prior 0.10")
    assert steps[-1].startswith("one step up to High")


def test_the_fields_for_enterprise_security_bear_no_prefix():
    assert " ".join(item.named("ti_") for item in extra("es")) == (
        "risk_score risk_object risk_object_type threat_object threat_object_type annotations.mitre_attack"
    )
    assert chosen("asn")[0].named("src_") == "src_asn"


def test_of_several_address_fields_each_has_its_own_names():
    fields = [*chosen("asn"), extra("es")[0]]
    assert [item.named("ti_", "dest_ip_") for item in fields] == ["dest_ip_ti_asn", "dest_ip_risk_score"]
    assert Encoder(fields).columns("ti_", "dest_ip_")[::2] == ("dest_ip_ti_asn", "dest_ip_risk_score")


@pytest.mark.parametrize("verdict", ["benign", "unknown"])
def test_what_is_not_held_to_be_a_threat_has_the_fields_of_enterprise_security_empty(verdict):
    found = dossier(provider("greynoise", "benign")) if verdict == "benign" else dossier(silent("otx", Status.TIMEOUT))
    told = values(found)
    assert told["verdict"] == verdict
    assert all(told[item.name] is None for item in extra("es"))


def test_the_date_of_the_snapshot_is_told_and_is_empty_without_one():
    dated = replace(SNAPSHOT, retrieved_at=NOW)
    assert values(Dossier("18.237.3.202", evidence=(dated,)))["snapshot"] == "2023-10-26"
    assert values(Dossier("18.237.3.202"))["snapshot"] is None


def test_every_field_explains_itself():
    assert all(item.meaning for item in FIELDS)


# --- cells ----------------------------------------------------------------------------------------


def decoded(cells: bytes, encoder: Encoder) -> dict:
    """Name → text, or the list of texts that Splunk would make of it."""
    header = ",".join(f'"{name}"' for name in encoder.columns("")).encode()
    (row,) = table_of(header + b"\n" + cells[1:] + b"\n").rows
    pairs = zip(encoder.fields, row[::2], row[1::2])
    return {field.name: values_of(multi) if multi else plain for field, plain, multi in pairs}


def test_cells_are_what_splunk_reads_back():
    encoder = Encoder(chosen("full"))
    found = subject(first_reference_address())
    read = decoded(encoder.one(found), encoder)
    for field in encoder.fields:
        value = field.read(found)
        texts = [str(text) for text in value] if isinstance(value, tuple) else ["" if value is None else str(value)]
        assert read[field.name] == (texts if len(texts) > 1 else "".join(texts))


def test_several_subjects_align():
    encoder = Encoder(chosen("verdict,flags,asn,status"))
    pair = [subject(first_reference_address()), subject(Dossier("10.0.0.1", "private"))]
    assert decoded(encoder.several(pair), encoder) == {
        "verdict": ["malicious", "unknown"],
        "flags": ["cloud; suspicious_user_agent", ""],
        "asn": ["16509", ""],
        "status": ["ok", "not_global"],
    }


@pytest.mark.parametrize("names", ["core", "full", "asn", "network", "verdict,link", "link,network,flags,country"])
@pytest.mark.parametrize("network", ["18.236.0.0/15", ""])
def test_cells_in_parts_make_the_same_cells_together(names, network):
    encoder, found = Encoder(chosen(names)), subject(first_reference_address())
    found = found._replace(owner=found.owner._replace(network=network))
    parts = encoder.shared(found), encoder.system(found), network
    assert encoder.laid(*parts, found if encoder.by_address else None) == encoder.one(found)


@given(st.text(max_size=30))
def test_a_text_of_a_source_stays_one_cell_of_one_line(text):
    encoder = Encoder(chosen("org"))
    found = subject(first_reference_address())
    cells = encoder.one(found._replace(owner=found.owner._replace(name=text)))
    read = decoded(cells, encoder)["org"]
    assert "\n" not in read
    assert read == "".join(char if char.isprintable() or char in read else " " for char in text)
