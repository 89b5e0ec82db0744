"""Answers that were recorded at the services, or come from their documentation, become the records that they should.

They lie beside the project and are no part of it: without them these tests are skipped.
"""

from __future__ import annotations

import json
from typing import Any, Mapping, NamedTuple, Tuple

import pytest
from answers import NOW, RECORDINGS, recorded

from ipthreat.exchange import Response
from ipthreat.providers import LIVE, PROVIDERS
from ipthreat.providers import virustotal_relations as relations
from ipthreat.providers.abuseipdb import AbuseIPDB
from ipthreat.testkit.providers import answer, unsound

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recorded answers beside the project are not here")


class Row(NamedTuple):
    """A recording and what it should become. `place` leads into files that wrap the answer."""

    provider: str
    file: str
    address: str
    said: str
    """Status, verdict and score: `ok malicious 100`; the score is left out where it is None."""
    labels: Tuple[str, ...] = ()
    more: Mapping[str, Any] = {}
    place: Tuple[Any, ...] = ()
    added: Mapping[str, Any] = {}


GOOGLE = {"asn": 15169, "country": "US"}
ROWS = [
    Row("virustotal", "ip_183.81.169.238.json", "183.81.169.238", "ok malicious 100",
        more={"native": "15/92", "asn": 206264, "network": "183.81.168.0/23", "dated": "2024-05-14"}),
    Row("virustotal", "ip_23.129.64.215_trimmed_demisto.json", "23.129.64.215", "ok malicious 100",
        more={"native": "5/87", "as_owner": "EMERALD-ONION", "rir": "ARIN"}),
    Row("virustotal", "ip_167.179.69.149_intelligence_search.json", "167.179.69.149", "ok unknown 0",
        more={"native": "0/88", "asn": 20473, "rir": "APNIC"}, place=("data", 0)),
    Row("abuseipdb", "check_verbose_194.169.175.35.json", "194.169.175.35", "ok malicious 100",
        more={"counts": {"reports": 1067, "distinct_reporters": 268}, "country": "BG", "dated": "2024-05-04"}),
    Row("abuseipdb", "cisco_check_0.json", "180.126.219.126", "ok suspicious 21", more={"dated": "2020-03-10"}),
    Row("abuseipdb", "rapid7_check_ip_data.json", "198.51.100.100", "ok malicious 100", more={"flags": ("hosting",)}),
    Row("abuseipdb", "cisco_error_0.json", "1.1.1.1", "error unknown"),
    Row("greynoise", "v3_ip_lookup_contenthub_example.json", "8.8.8.8", "ok benign 0", ("benign",),
        {"flags": ("scanner", "vpn", "spoofable"), "asn": 521}, (0, "EntityResult")),
    Row("greynoise", "v3_ip_quick_contenthub_example.json", "8.8.8.8", "ok benign 0", ("trust_1",),
        place=(0, "EntityResult")),
    Row("greynoise", "panther_v3_1.json", "8.8.8.8", "ok benign 0", ("benign", "trust_1")),
    Row("greynoise", "pygreynoise_v3_0.json", "8.8.8.8", "ok unknown"),
    Row("greynoise", "contenthub_test_datamodels_0.json", "8.8.8.8", "ok benign 0", ("benign", "trust_1"),
        {"dated": "2023-01-02"}, added={"ip": "8.8.8.8"}),
    Row("greynoise", "contenthub_test_utils_0.json", "8.8.8.8", "ok benign 0", ("benign", "trust_1"),
        added={"ip": "8.8.8.8"}),
    Row("greynoise", "msticpy_0.json", "51.91.185.74", "ok malicious 90", ("malicious",), {"dated": "2021-03-18"}),
    Row("greynoise", "rapid7_community_ip.json", "1.2.3.4", "ok benign 0", ("benign",)),
    Row("greynoise", "rapid7_context_ip.json", "1.2.3.4", "ok benign 0", ("benign",), {"country": "DE"}),
    Row("greynoise", "rapid7_riot_ip.json", "1.2.3.4", "ok benign 0", ("trust_1",)),
    Row("greynoise", "rapid7_quick_ip.json", "1.2.3.4", "ok unknown", place=(0,)),
    Row("greynoise", "rapid7_gnql_query.json", "1.2.3.4", "ok benign 0", ("benign",), place=("data", 0)),
    Row("greynoise", "v2_gnql_cve-2020-9054.json", "37.0.8.38", "ok malicious 90", ("malicious",),
        {"asn": 211252, "dated": "2021-10-19", "related": ("jugg.water24s.xyz",)}, ("data", 0)),
    Row("greynoise", "rapid7_timeline_ip.json", "1.2.3.4", "error unknown"),
    Row("otx", "ip_186.180.44.234_general.json", "186.180.44.234", "ok suspicious 20",
        more={"counts": {"pulses": 2, "authors": 2}, "asn": 27831, "country": "CO", "dated": "2025-07-01"}),
    Row("otx", "rapid7_ipv4_general.json", "198.51.100.100", "ok unknown 10",
        more={"counts": {"pulses": 1, "authors": 1}, "as_owner": "WorldLink Communications Pvt Ltd"}),
    Row("otx", "rapid7_ipv4_geo.json", "198.51.100.100", "error unknown"),
    Row("otx", "rapid7_ipv4_url_list.json", "198.51.100.100", "error unknown"),
    Row("otx", "msticpy_0.json", "198.51.100.100", "error unknown"),
    Row("otx", "contenthub_enrich_example.json", "1.1.1.1", "error unknown", place=(0, "EntityResult", "general")),
    Row("crowdsec", "smoke_1.1.1.1.json", "1.1.1.1", "ok unknown 40",
        more={"native": "2/5", "as_owner": "CLOUDFLARENET", "network": "1.1.1.0/24", "country": ""}),
    Row("crowdsec", "fire_page1.json", "1.2.3.4", "ok suspicious 60", ("suspicious",),
        {"dated": "2022-11-26"}, ("items", 0)),
    Row("crowdsec", "fire_page1.json", "2.3.4.5", "ok malicious 80", ("malicious",), {"network": ""}, ("items", 1)),
    Row("crowdsec", "fire_page1.json", "3.2.3.4", "ok malicious 80", ("malicious",), {"country": "TH"}, ("items", 2)),
    Row("criminalip", "cyberbro_suspicious_info_0.json", "1.1.1.1", "ok unknown 25", ("low",), {"flags": ("cloud",)}),
    Row("criminalip", "report_1.1.1.1.json", "1.1.1.1", "ok malicious 99", ("critical",),
        {"asn": 8075, "country": "US", "flags": ("vpn", "hosting"), "dated": "2023-06-15"}),
    Row("shodan", "host_8.8.8.8.json", "8.8.8.8", "ok unknown", more={**GOOGLE, "dated": "2024-04-28"}),
    Row("shodan", "host_sekoia.json", "8.8.8.8", "ok unknown", more={**GOOGLE, "related": ("dns.google",)}),
    Row("shodan", "host_contenthub_example.json", "1.1.1.1", "ok unknown", more=GOOGLE, place=(0, "EntityResult")),
    Row("internetdb", "1.1.1.1.json", "1.1.1.1", "ok unknown", more={"counts": {"ports": 3, "vulns": 0}}),
    Row("internetdb", "120.78.59.202.json", "120.78.59.202", "ok unknown", more={"counts": {"ports": 6, "vulns": 134}}),
    Row("internetdb", "mihari_1_7_2_2.json", "1.1.1.1", "ok unknown", more={"related": ("one.one.one.one",)}),
    Row("internetdb", "opencti_0.json", "123.123.123.123", "ok unknown"),
    Row("threatfox", "get_iocs_days1_ipport_subset.json", "104.168.44.59", "ok malicious 75", ("botnet_cc",),
        {"counts": {"indicators": 1}, "dated": "2022-01-02"}),
    Row("threatfox", "get_iocs_days1_ipport_subset.json", "37.1.213.9", "ok malicious 100", ("botnet_cc",)),
    Row("threatfox", "get_iocs_days1_ipport_subset.json", "7.1.213.9", "not_found unknown"),
    Row("pulsedive", "info_ip_contenthub_example.json", "1.1.1.1", "ok unknown 25",
        more={"asn": 51468, "country": "DK", "dated": "2020-12-10"}, place=("results", 0, "EntityResult")),
    Row("pulsedive", "ip_mihari_0.json", "1.1.1.1", "ok unknown 0",
        more={"native": "none", "organisation": "Cloudflare, Inc.", "related": ("one.one.one.one",)}),
    Row("pulsedive", "ip_mihari_1.json", "1.1.1.1", "error unknown"),
    Row("ipqs", "ip_74.125.219.32.json", "74.125.219.32", "ok unknown 75", more={"flags": ("vpn", "proxy", "crawler")}),
    Row("ipqs", "msticpy_0.json", "162.244.80.235", "ok suspicious 100", ("recent_abuse",),
        {"related": (), "asn": 19624}),
    Row("ipinfo", "ipinfo_base.json", "8.8.8.8", "ok unknown", more={**GOOGLE, "network": "8.8.8.0/24"}),
    Row("ipinfo", "ipinfo_free.json", "8.8.8.8", "ok unknown", more={**GOOGLE, "as_owner": "Google LLC"}),
    Row("ipinfo", "ipinfo_standard.json", "8.8.8.8", "ok unknown", more={"flags": ("hosting",)}),
    Row("ipinfo", "ipinfo_business.json", "8.8.8.8", "ok unknown",
        more={"abuse_contact": "network-abuse@google.com", "flags": ("tor", "proxy", "relay", "hosting")}),
    Row("ipinfo", "ipinfo_ipv6.json", "2607:fb91:2a0:80af:11ad:f056:42f2:b8c2", "ok unknown",
        more={"network": "2607:fb91:200::/40", "abuse_contact": "abuse@t-mobile.com"}),
    Row("ipinfo", "contenthub_example.json", "104.28.214.16", "ok unknown",
        more={"country": "GB", "flags": ("relay", "hosting")}, place=(0, "EntityResult")),
    Row("rdap", "whoisit_ip_v4.json", "1.1.1.1", "ok unknown",
        more={"network": "1.1.1.0/24", "rir": "APNIC", "country": "AU", "abuse_contact": "helpdesk@apnic.net"}),
    Row("rdap", "whoisit_cidr_v4.json", "1.1.1.254", "ok unknown", more={"organisation": "APNIC-LABS"}),
    Row("rdap", "whoisit_ip_v4_2.json", "130.59.31.80", "ok unknown", more={"network": "130.59.0.0/16"}),
    Row("rdap", "whoisit_ip_v6.json", "2001:4860:4860::8888", "ok unknown", more={"network": "2001:4860::/32"}),
    Row("rdap", "rapid7_ip_lookup.json", "1.1.1.1", "ok unknown", more={"network": "1.1.1.0/24"}),
    Row("rdap", "rapid7_ip_lookup_with_asn.json", "2.2.2.2", "ok unknown",
        more={"network": "2.0.0.0/12", "organisation": "FR-TELECOM-20100712", "rir": "RIPE NCC"}),
    *(Row("rdap", f"{name}.json", "1.1.1.1", "error unknown") for name in
      ("whoisit_asn", "whoisit_entity", "rapid7_asn_lookup", "rapid7_helpers_entities", "rapid7_helpers_vcards",
       "rapid7_ip_lookup_ipwhois_lookup", "rapid7_helpers_ipwhois_lookup_rdap")),
    *(Row("rdap", "ipwhois_rdap_multi.json", address, "ok unknown", more=more, place=(address, "response"))
      for address, more in {
          "2a00:2381:ffff::1": {"network": "2a00:2381:ffff::/64", "abuse_contact": "zzdnsr@bt.com"},
          "2001:240:10c:1::ca20:9d1d": {"network": "2001:240::/32", "rir": "APNIC", "country": "JP"},
          "62.239.237.1": {"network": "62.239.237.0/24", "rir": "RIPE NCC"},
          "200.57.141.161": {"network": "200.57.141.161/32", "abuse_contact": "operacion.redes@TRIARA.COM"},
          "2001:4860:4860::8888": {"rir": "ARIN", "abuse_contact": "arin-contact@google.com"},
          "210.107.73.73": {"network": "210.107.0.0/17", "abuse_contact": "hostmaster@nic.or.kr"},
          "74.125.225.229": {"network": "74.125.0.0/16", "organisation": "Google Inc."},
          "196.11.240.215": {"network": "196.11.240.0/22", "rir": "AFRINIC"},
      }.items()),
    Row("misp", "contenthub_enrich_example.json", "1.1.1.1", "error unknown"),
    Row("misp", "pymisp_misp_event.json", "1.1.1.1", "error unknown"),
    *(Row("opencti", f"cyberbro_{number}.json", "1.1.1.1", "error unknown") for number in range(3)),
    *(Row("taxii", f"v21_{name}_response.json", "1.1.1.1", "error unknown") for name in
      ("add_objects", "api_root", "collections", "discovery", "get_manifest")),
    Row("talos", "sb_api_get_reputation_example.json", "1.1.1.1", "ok unknown", ("favourable",),
        place=(0, "EntityResult")),
    Row("talos", "query_lookup_ip_1.1.1.1_docs_partial.json", "1.1.1.1", "error unknown"),
    Row("talos", "sb_api_whois_example.json", "1.1.1.1", "error unknown"),
]  # fmt: skip


def body_of(row):
    body = recorded(f"{'shodan_internetdb' if row.provider == 'internetdb' else row.provider}/{row.file}")
    for step in row.place:
        body = body[step]
    if row.provider == "virustotal" and row.place:
        body = {"data": body}
    return {**body, **row.added} if row.added else body


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.provider}-{row.file}-{row.address}")
def test_a_recorded_answer_becomes_the_record_that_it_should(row):
    evidence = PROVIDERS[row.provider].parse(row.address, body_of(row), NOW)
    said = [evidence.status.value, evidence.verdict.value, *([] if evidence.score is None else [str(evidence.score)])]
    assert " ".join(said) == row.said
    assert evidence.labels == row.labels
    for name, value in row.more.items():
        found = getattr(evidence, name)
        assert (found.date().isoformat() if name == "dated" else found) == value, name
    assert not list(unsound(PROVIDERS[row.provider], evidence))


@pytest.mark.parametrize("place, said", [(0, "not_global unknown"), (1, "ok unknown 0")])
def test_abuseipdbs_answers_in_another_tools_wrapping(place, said):
    body = {"data": recorded("abuseipdb/check_contenthub_example.json")[place]["EntityResult"]}
    evidence = PROVIDERS["abuseipdb"].parse("1.1.1.1", body, NOW)
    score = "" if evidence.score is None else f" {evidence.score}"
    assert f"{evidence.status.value} {evidence.verdict.value}{score}" == said


def test_abuseipdbs_block_is_read():
    body = recorded("abuseipdb/rapid7_check_cidr_data.json")
    found = AbuseIPDB().answers(["198.51.100.100", "198.51.100.101"], answer(body), NOW)
    assert {address: (item.status.value, item.score) for address, item in found.items()} == {
        "198.51.100.100": ("ok", 11),
        "198.51.100.101": ("not_found", None),
    }


def test_virustotals_resolutions_are_read():
    page = relations.answer("resolutions", answer(recorded("virustotal/ip_45.83.140.140_resolutions.json")), NOW)
    assert page.items[0].name == "jppost-ayu.top"
    assert len(page.items) == 10


# File of an error body → providers that may get it, its status.
ERRORS = {
    "abusech_403_unknown_key": ("threatfox urlhaus", "auth_error"),
    "criminalip_200_status403": ("criminalip", "rate_limited"),
    "crowdsec_404": ("crowdsec", "not_found"),
    "greynoise_community_404": ("greynoise", "not_found"),
    "greynoise_v3_401": ("greynoise", "auth_error"),
    "greynoise_v3_429": ("greynoise", "rate_limited"),
    "ipinfo_403_unknown_token": ("ipinfo", "auth_error"),
    "ipinfo_404_wrong_ip": ("ipinfo", "error"),
    "ipinfo_429": ("ipinfo", "rate_limited"),
    "ipqs_200_failure": ("ipqs", "rate_limited"),
    "pulsedive_404": ("pulsedive", "not_found"),
    "pulsedive_429": ("pulsedive", "rate_limited"),
    "shodan_host_404": ("shodan", "not_found"),
    "shodan_internetdb_404": ("internetdb", "not_found"),
    "shodan_internetdb_429": ("internetdb", "rate_limited"),
    "threatfox_200_no_result": ("threatfox", "not_found"),
    "urlhaus_200_no_results": ("urlhaus", "not_found"),
    "virustotal_401_wrong_key": ("virustotal", "auth_error"),
    "virustotal_404": ("virustotal", "not_found"),
    "virustotal_429": ("virustotal", "rate_limited"),
}


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_a_recorded_refusal_is_a_status_and_no_verdict(name):
    document = json.loads((RECORDINGS / "errors" / f"{name}.json").read_text(encoding="utf-8"))
    providers, status = ERRORS[name]
    for provider in providers.split():
        response = Response(document["_http_status"], {}, json.dumps(document["body"]).encode())
        found = LIVE[provider].answers(["198.51.100.7"], response, NOW)["198.51.100.7"]
        assert (found.status.value, found.verdict.value, found.score) == (status, "unknown", None)


def test_every_recording_is_accounted_for():
    elsewhere = {  # read by other tests here, or no answer about an address
        "abuseipdb/check_contenthub_example.json",
        "abuseipdb/cisco_error_1.json",
        "abuseipdb/msticpy_0.json",
        "abuseipdb/rapid7_check_cidr_data.json",
        "abuseipdb/rapid7_get_blacklist_data.json",
        "rdap/whoisit_bootstrap.json",
        "taxii/v21_add_objects_response_from_spec.json",
        "virustotal/ip_45.83.140.140_resolutions.json",
    }
    read = {f"{row.provider.replace('internetdb', 'shodan_internetdb')}/{row.file}" for row in ROWS}
    read |= {f"errors/{name}.json" for name in ERRORS}
    there = {path.relative_to(RECORDINGS).as_posix() for path in RECORDINGS.glob("*/*")}
    left = {name for name in there - read - elsewhere if not name.startswith(("ipapi/", "spamhaus/", "errors/ipapi"))}
    assert not left
