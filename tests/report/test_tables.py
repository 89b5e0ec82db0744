"""CSV and JSON: complete, described by the published schema, and without formulas."""

from __future__ import annotations

import csv
import enum
import io
import json
import re
from pathlib import Path
from typing import Any, Dict, List, Type

import pytest
from cases import build_case, crowded_case, golden_case, quiet_case
from dossiers import NOW, behaviour, dossier, provider, sighting, virustotal
from hypothesis import given
from hypothesis import strategies as st

import ipthreat
from ipthreat.assessment import OverallStatus
from ipthreat.case import TLP_LABELS, Case, EventsRead, SourcePart
from ipthreat.dossier import Allowance, BehaviourKind, Detection, Dossier, Evidence, SourceKind, Status, Verdict
from ipthreat.priority import Priority, Severity
from ipthreat.report import tables

SCHEMA: Dict[str, Any] = json.loads(
    (Path(ipthreat.__file__).parent / "report" / "assessment.schema.json").read_text(encoding="utf-8")
)
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
NASTY = st.sampled_from(["=1+1", "@SUM(A1)", "+1", "-1", "\t=1", ";=1", '";=1', "\n=1", "<script>", "\x1b[31m", "$x$"])
TEXT = st.lists(NASTY | st.text(max_size=10), max_size=3).map("".join)


def full_case() -> Case:
    """Every optional part of the format is there."""
    evidence = Evidence(
        "virustotal", SourceKind.PROVIDER, Status.OK, Verdict.MALICIOUS, ("malicious",), 80, "4/90", "engines",
        {"malicious": 4, "reputation": -3}, (Detection("A", "malicious", "phishing"),), "group", ("tor",),
        ("evil.example",), NOW, NOW, NOW, NOW, 64500, "EXAMPLE", "Example", "198.51.100.0/24", "NL", "RIPE NCC",
        "abuse@example.net", "https://example.net/x", "because",
    )  # fmt: skip
    seen = sighting(
        5, user_agents=(("=cmd", 3),), timeline=((NOW, 5),), bytes_out=9, outbound=2, local_hosts=("10.0.0.1",)
    )  # fmt: skip
    attack = behaviour("brute_force", names=("ssh",), samples=("<b>",), succeeded=True)
    return build_case(
        Dossier("198.51.100.7", evidence=(evidence,), sighting=seen, behaviours=(attack,), period_end=NOW,
                allowance=Allowance("198.51.100.0/24", "ours", NOW)),
        Dossier("10.0.0.1", scope="private"),
        Dossier("rubbish", scope="invalid"),
        events=EventsRead("x.log", "access log", 9, {"no address": 2}, NOW, NOW, 1),
        parts=(SourcePart("asn", "2023-10-01", 500_000, "CC0-1.0", "example"),),
        requests={"virustotal": 1},
    )  # fmt: skip


CASES = {
    "golden": golden_case(),
    "thirty": crowded_case(30),
    "quiet": quiet_case(),
    "empty": build_case(),
    "everything": full_case(),
}


def read(case: Case) -> List[Dict[str, str]]:
    return list(csv.DictReader(io.StringIO(tables.csv_text(case), newline="")))


def test_the_schema_itself_is_valid(need) -> None:
    assert need("jsonschema").Draft202012Validator.check_schema(SCHEMA) is None


@pytest.mark.parametrize("name", CASES)
def test_the_json_is_as_the_schema_describes_it(name: str, need) -> None:
    validator = need("jsonschema").Draft202012Validator
    data = json.loads(json.dumps(tables.json_data(CASES[name])))
    errors = validator(SCHEMA, format_checker=validator.FORMAT_CHECKER).iter_errors(data)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_the_schema_allows_no_key_that_it_does_not_describe() -> None:
    def closed(part: Any) -> None:
        if isinstance(part, dict):
            if "properties" in part:
                assert part["additionalProperties"] is False
                assert sorted(part["required"]) == sorted(part["properties"])
            for inner in part.values():
                closed(inner)

    closed(SCHEMA)


@pytest.mark.parametrize(
    "place, words",
    [
        (("status",), Status),
        (("assessment", "properties", "verdict"), Verdict),
        (("assessment", "properties", "severity"), Severity),
        (("assessment", "properties", "priority"), Priority),
        (("assessment", "properties", "status"), OverallStatus),
        (("evidence", "properties", "kind"), SourceKind),
        (("behaviour", "properties", "kind"), BehaviourKind),
    ],
)
def test_the_schema_knows_every_word(place: List[str], words: Type[enum.Enum]) -> None:
    part = SCHEMA["$defs"]
    for name in place:
        part = part[name]
    assert part["enum"] == [word.value for word in words]


def test_the_schema_knows_every_label_and_this_format() -> None:
    assert SCHEMA["properties"]["tlp"]["enum"] == list(TLP_LABELS)
    assert SCHEMA["properties"]["format"]["const"] == tables.FORMAT


def test_the_json_holds_what_the_judgement_rests_on() -> None:
    first = tables.json_data(CASES["golden"])["assessments"][0]
    assert (first["ip"], first["confidence"], first["severity"], first["priority"]) == (
        "18.237.3.202",
        10,
        "Low",
        "High",
    )
    assert [entry["source"] for entry in first["evidence"]] == ["snapshot", "virustotal", "talos", "amazon"]
    assert first["evidence"][2]["status"] == "unavailable"
    assert first["evidence"][1]["detections"][0] == {
        "engine": "Criminal IP",
        "category": "malicious",
        "result": "malicious",
    }
    assert first["sighting"]["count"] == 57
    assert first["behaviours"][0]["names"] == ["nikto", "dirbuster", "nmap"]
    assert first["owner"]["asn"] == 16509
    assert first["block_until"] == "2023-11-02T12:00:00Z"
    assert first["waterfall"][-1]["label"] == "sum"


def test_the_json_counts_what_the_report_counts() -> None:
    data = tables.json_data(CASES["golden"])
    assert data["counts"] == {"addresses": 2, "hostile": 2, "raised": 2}
    assert data["events"]["read"] == 61
    assert tables.json_data(CASES["quiet"])["events"] is None


def test_the_same_case_gives_the_same_bytes() -> None:
    assert json.dumps(tables.json_data(golden_case())) == json.dumps(tables.json_data(CASES["golden"]))
    assert tables.csv_text(golden_case()) == tables.csv_text(CASES["golden"])


@pytest.mark.parametrize("name", CASES)
def test_csv_read_again_gives_the_rows(name: str) -> None:
    expected = [
        {key: "" if value is None else str(value) for key, value in row.items()} for row in tables.rows(CASES[name])
    ]
    found = read(CASES[name])
    assert len(found) == len(expected) == len(CASES[name].assessments)
    for row, wanted in zip(found, expected):
        assert list(row) == list(tables.COLUMNS)
        assert {key: value.replace("'", "") for key, value in row.items()} == {
            key: value.replace("'", "") for key, value in wanted.items()
        }


def test_the_golden_rows_tell_the_counts_and_the_end_of_the_block() -> None:
    first, second = read(CASES["golden"])
    assert [first[f"vt_{name}"] for name in ("malicious", "suspicious", "undetected", "harmless", "timeout")] == [
        "7", "4", "26", "58", "0",
    ]  # fmt: skip
    assert (first["block_until"], second["block_until"]) == ("2023-11-02T12:00:00Z", "")
    assert second["vt_reputation"] == "-3"
    assert first["sources"] == "amazon=ok; snapshot=ok; talos=unavailable; virustotal=ok"


def test_what_is_not_known_is_empty_and_not_zero() -> None:
    (row,) = read(CASES["quiet"])
    assert (row["vt_malicious"], row["vt_reputation"], row["first_seen"]) == ("", "", "")


def test_a_case_without_addresses_has_a_header_alone() -> None:
    assert tables.csv_text(build_case()) == ",".join(tables.COLUMNS) + "\n"


@given(TEXT, TEXT)
def test_no_cell_of_a_csv_is_a_formula_or_breaks_its_row(agent: str, name: str) -> None:
    evidence = Evidence("snapshot", SourceKind.OWNERSHIP, Status.OK, asn=64500, as_owner=name, network=name)
    seen = sighting(5, user_agents=((agent, 3),))
    case = build_case(Dossier("198.51.100.7", evidence=(evidence, virustotal(9, 2)), sighting=seen))
    text = tables.csv_text(case)
    assert text.count("\n") == 2
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert [len(row) for row in rows] == [len(tables.COLUMNS)] * 2
    for cell in rows[1]:
        for part in re.split("[;,]", cell):
            assert not FORMULA.match(part) or re.fullmatch(r"-?\d+", cell)


@given(TEXT)
def test_any_text_survives_json(agent: str) -> None:
    case = build_case(dossier(virustotal(9, 2), sighting=sighting(5, user_agents=((agent, 3),))))
    text = json.dumps(tables.json_data(case), ensure_ascii=True)
    assert json.loads(text)["assessments"][0]["sighting"]["user_agents"] == [{"text": agent, "count": 3}]
    assert "\x1b" not in text


def test_a_provider_without_answer_is_in_the_row_with_its_status() -> None:
    case = build_case(dossier(provider("otx"), Evidence("abuseipdb", SourceKind.PROVIDER, Status.RATE_LIMITED)))
    assert read(case)[0]["sources"] == "abuseipdb=rate_limited; otx=ok; snapshot=ok"
