"""The rows of `| ipthreatlookup` as data: what hostile sources cannot do to them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cases import first_reference_address
from dossiers import NOW, dossier, provider, silent
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.assessment import assess
from ipthreat.dossier import Detection, Dossier, Status
from ipthreat.policy import POLICIES
from ipthreat.providers import PROVIDERS
from ipthreat.splunk.lookup_rows import FIELDS, lookup_rows


def rows_of(found: Dossier):
    return lookup_rows(assess(found, POLICIES["standard"], NOW))


def texts(rows):
    return [text for row in rows for cell in row.values() for text in (cell if isinstance(cell, list) else [cell])]


def test_the_reference_address_has_its_engines_and_its_rating():
    rows = {row["source"]: row for row in rows_of(first_reference_address())}
    assert "Fortinet=malicious" in rows["virustotal"]["engines"]
    assert float(rows["virustotal"]["nats"]) > 2
    assert (rows["talos"]["status"], rows["talos"]["nats"], rows["talos"]["verdict"]) == ("unavailable", "", "")
    assert {(row["ti_verdict"], row["ti_confidence"], row["ti_priority"]) for row in rows.values()} == {
        ("malicious", "10", "High")
    }


def test_a_rating_is_told_as_the_source_prints_it_or_as_its_score():
    items = replace(provider("abuseipdb", score=90), native=""), replace(provider("otx"), native="3/7", scale="pulses")
    rows = {row["source"]: row for row in rows_of(dossier(*items))}
    assert (rows["abuseipdb"]["native"], rows["otx"]["native"], rows["otx"]["scale"]) == ("90", "3/7", "pulses")


def test_a_source_that_did_not_answer_says_why_and_adds_nothing():
    (row,) = [
        row for row in rows_of(dossier(silent("virustotal", Status.RATE_LIMITED))) if row["source"] == "virustotal"
    ]
    assert (row["status"], row["native"], row["nats"]) == ("rate_limited", "", "")


def test_a_dossier_without_evidence_has_one_row_with_every_field():
    for scope in ("invalid", "private"):
        (row,) = rows_of(Dossier("10.0.0.1", scope))
        assert set(row) == set(FIELDS)
        assert row["reason"]


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_of_a_source_breaks_a_line_or_brings_a_control_character(one, other):
    item = replace(provider("abuseipdb", score=90), reason=one, native=other, labels=(one,), as_owner=other)
    item = replace(item, detections=(Detection(one, other),))
    for text in texts(rows_of(dossier(item))):
        assert not set(text) & set(map(chr, [*range(32), 127, 0x2028, 0x2029]))


HOSTILE = [
    "javascript:alert(1)",
    "data:text/html,x",
    "http://plain.example/",
    "//no.scheme",
    "https://x/' onclick='alert(1)",
    'https://x/"><script>',
    "https://x/\n\rSet-Cookie: a=b",
    "https://x/ y",
    "https://x/`id`",
    "https://x/\u202e",
    "\x00https://x/",
    "https://" + "x" * 3000,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_link_that_is_not_plainly_of_the_web_is_none(url):
    (row,) = [row for row in rows_of(dossier(replace(provider("abuseipdb"), link=url))) if row["source"] == "abuseipdb"]
    assert row["link"] == ""


@pytest.mark.parametrize("name", sorted(PROVIDERS))
@pytest.mark.parametrize("address", ["18.237.3.202", "2001:db8::1"])
def test_the_permalink_of_every_provider_is_a_plain_page_about_the_address(name, address):
    found = replace(dossier(provider(name)), address=address)
    (row,) = [row for row in rows_of(found) if row["source"] == name]
    link = PROVIDERS[name].link(address)
    assert row["link"] == link
    assert not link or link.isascii()
