"""The Actionable Intelligence Report: every section, every sentence with its evidence, every pattern with its step."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Iterator, List, Set, Tuple

import pytest
from dossiers import NOW, behaviour, block_list, dossier, engines, provider, sighting, silent, virustotal, warning_list
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ipthreat.assessment import assess
from ipthreat.case import Case, EventsRead, SourcePart, pressing
from ipthreat.dossier import Allowance, Dossier, Evidence, SourceKind, Status
from ipthreat.policy import POLICIES
from ipthreat.report import markdown
from ipthreat.report.actionable import document, subject
from ipthreat.report.actions import actions
from ipthreat.report.blocks import Block, Bullets, Cite, Document, Line, Listing, Paragraph, Section, Strong, Table
from ipthreat.report.steps import Action

SECTIONS = [
    "Summary",
    "Priority board",
    "Critical Threats",
    "What we do not know",
    "Immediate Next Steps",
    "Further Analysis",
    "Charts",
    "Method",
    "Annex",
]
LONG_AGO = NOW.replace(year=2015)
READ = EventsRead("access.log", "access log", 260, {"no address in it": 2}, NOW.replace(day=24), NOW)


def case(*dossiers: Dossier, read: EventsRead = READ, **more) -> Case:
    assessments = sorted((assess(item, POLICIES["standard"], NOW) for item in dossiers), key=pressing)
    return Case("Suspicious IP Addresses", tuple(assessments), NOW, POLICIES["standard"], events=read, **more)


GOLDEN = case(
    dossier(
        virustotal(7, 4, detections=engines("malicious", "CRDF", "Fortinet") + engines("suspicious", "AlphaSOC")),
        silent("talos", Status.UNAVAILABLE, "no public API"),
        warning_list("cloud", "amazon-aws"),
        did=[behaviour("suspicious_user_agent", 26, names=("nikto", "nmap"), samples=("Nikto/2.1.6",))],
        sighting=sighting(26),
        address="18.237.3.202",
    ),
    dossier(virustotal(7, 3, reputation=-3), silent("talos", Status.UNAVAILABLE, "no public API"), sighting=sighting(5),
            address="14.103.172.199"),
    dossier(virustotal(0, 0), sighting=sighting(), address="192.0.2.9"),
)  # fmt: skip
EVERYTHING = case(
    *GOLDEN.assessments[0:0],
    dossier(virustotal(9, 2), provider("greynoise", "malicious"), did=[behaviour("brute_force", succeeded=True)],
            address="198.51.100.1"),
    dossier(virustotal(6, 1), provider("greynoise", "benign"), warning_list("scanner", "censys"),
            did=[behaviour("port_scan")], address="198.51.100.2"),
    dossier(virustotal(2, 0, detections=engines("malicious", "CRDF", "VIPRE")), address="198.51.100.3"),
    dossier(virustotal(0, 0), block_list("c2tracker", "c2"), did=[behaviour("c2_beacon"), behaviour("volume_out")],
            sighting=sighting(40, outbound=40, local_hosts=("10.0.0.5",)), address="2001:db8::4"),
    dossier(virustotal(7, 3, reputation=-3), silent("greynoise", Status.RATE_LIMITED, "until noon"),
            address="198.51.100.5"),
    dossier(provider("abuseipdb", score=60, distinct_reporters=9), block_list("ipsum", "level_1"),
            address="198.51.100.6"),
)  # fmt: skip


def sections(report: Document) -> Iterator[Tuple[str, Section]]:
    """Each section with the title of the second-level section that holds it."""
    top = ""
    for section in report.sections:
        top = section.title if section.level == 2 else top
        yield top, section


def lines_of(block: Block) -> Iterator[Line]:
    if isinstance(block, Paragraph):
        yield block.line
    elif isinstance(block, Bullets):
        yield from block.items


def evidence_numbers(report: Document) -> Set[str]:
    """All E numbers that stand in an evidence table."""
    tables = [block for section in report.sections for block in section.blocks if isinstance(block, Table)]
    return {"".join(map(str, row[0])) for table in tables if table.header[0] == "E" for row in table.rows}


def steps(given: Case) -> Tuple[Action, ...]:
    return actions(given)


def texts(given: Case, address: str) -> List[str]:
    return [action.text for action in steps(given) if address in action.addresses]


@pytest.mark.parametrize("given", [GOLDEN, EVERYTHING, case()], ids=["golden", "everything", "empty"])
def test_every_section_is_there_in_order(given):
    assert [section.title for section in document(given).sections if section.level == 2] == SECTIONS


@pytest.mark.parametrize("given", [GOLDEN, EVERYTHING], ids=["golden", "everything"])
@pytest.mark.parametrize("title", ["Critical Threats", "Immediate Next Steps"])
def test_every_sentence_of_threats_and_steps_cites_evidence_that_exists(given, title):
    report = document(given)
    known, told = evidence_numbers(report), 0
    for top, section in sections(report):
        for line in [line for block in section.blocks for line in lines_of(block)] if top == title else ():
            cited = {part.label for part in line if isinstance(part, Cite)}
            assert cited, f"no evidence: {line}"
            assert cited <= known
            told += 1
    assert told >= 5


def test_a_citation_leads_to_evidence_on_the_address_the_sentence_is_about():
    report = document(EVERYTHING)
    owner = {}
    for section in report.sections:
        for block in section.blocks:
            if isinstance(block, Table) and block.header[0] == "E" and section.anchor:
                owner.update({row[0][0]: section.anchor for row in block.rows})
    for section in report.sections:
        for line in [line for block in section.blocks for line in lines_of(block)]:
            for part in line:
                if isinstance(part, Cite) and part.label in owner:
                    assert owner[part.label] == part.anchor


def test_evidence_numbers_run_through_the_whole_report():
    numbers = sorted(int(label[1:]) for label in evidence_numbers(document(EVERYTHING)))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_summary_is_at_most_three_sentences_with_one_likelihood_term():
    (summary,) = [section for section in document(GOLDEN).sections if section.title == "Summary"]
    text = markdown.line(summary.blocks[0].line).replace("\\", "").replace("18.237.3[.]202", "IP").replace("0.00", "0")
    terms = re.findall(r"almost certain|very likely|likely|roughly even|unlikely", text)
    assert terms == ["almost certain"]
    assert len(re.findall(r"[.:] (?=[A-Z])|\.$", text.replace("**", "").replace("assessment: ", ""))) <= 3
    assert (
        "Quality of the assessment: moderate (VirusTotal and our own events agree; Cisco Talos is unavailable)" in text
    )


@pytest.mark.parametrize("given", [GOLDEN, EVERYTHING, case()], ids=["golden", "everything", "empty"])
def test_the_subject_is_five_words(given):
    assert len(subject(given).split()) == 5


def test_the_header_tells_what_when_and_from_which_inputs():
    facts = dict(document(GOLDEN).facts)
    assert facts["Date"] == "October 26, 2023"
    assert facts["Time"] == "2023-10-26 12:00 UTC"
    assert facts["Report id"] == GOLDEN.report_id
    assert "260 rows of access.log" in facts["Data period"]
    assert document(GOLDEN).tlp == "TLP:AMBER"


def test_the_same_case_gives_the_same_bytes_and_another_case_another_id():
    assert markdown.render(document(GOLDEN)) == markdown.render(document(GOLDEN))
    assert len({GOLDEN.report_id, EVERYTHING.report_id, case().report_id}) == 3


def test_addresses_are_defanged_in_prose_and_raw_in_queries_and_the_annex():
    for top, section in sections(document(EVERYTHING)):
        for line in [line for block in section.blocks for line in lines_of(block)] if top != "Annex" else ():
            prose = "".join(part.text if isinstance(part, Strong) else part for part in line
                            if isinstance(part, (str, Strong)))  # fmt: skip
            assert not re.search(r"198\.51\.100\.\d|2001:db8::4", prose), prose
    listings = [block.text for _, section in sections(document(EVERYTHING)) for block in section.blocks
                if isinstance(block, Listing)]  # fmt: skip
    assert any("TERM(198.51.100.1)" in text for text in listings)


def test_named_engines_stand_apart_and_the_rest_is_counted():
    text = markdown.render(document(GOLDEN)).replace("\\", "")
    assert "VirusTotal: 7 engines say malicious: CRDF, Fortinet, and 5 not named. [E" in text
    assert "VirusTotal: 4 engines say suspicious: AlphaSOC, and 3 not named. [E" in text


def test_what_we_do_not_know_is_never_empty_and_names_silent_sources():
    for told in (GOLDEN, EVERYTHING, case()):
        (section,) = [section for section in document(told).sections if section.title == "What we do not know"]
        assert len(section.blocks[0].items) >= 3
    text = markdown.render(document(EVERYTHING)).replace("\\", "")
    assert "GreyNoise is rate limited for 1 of 6 addresses: until noon. [E" in text
    assert "Would change:** 198.51.100[.]1: " in text


@pytest.mark.parametrize(
    "read, sentence",
    [
        (None, "No events of our own were given"),
        (READ, "Of 260 rows read, some could not be used: 2 no address in it."),
        (EventsRead("x", "csv", 5, {}), "The events bear no time"),
        (
            EventsRead("x", "csv", 5, {}, NOW.replace(year=2015), NOW.replace(year=2015)),
            "The events end 2,922 days before",
        ),
        (EventsRead("x", "csv", 5, {}, NOW, NOW, crowded_out=7), "7 addresses without findings gave way"),
    ],
)
def test_gaps_in_our_own_events_are_told(read, sentence):
    assert sentence in markdown.render(document(case(read=read))).replace("\\", "")


def test_data_younger_than_the_moment_judged_is_told():
    parts = (SourcePart("origin-asn", "2026-09-16", 5, "PDDL-1.0", "x"), SourcePart("own", "2020-01-01", 1, "", "x"))
    text = markdown.render(document(case(parts=parts))).replace("\\", "")
    assert "1 part of the embedded data dates from after 2023-10-26" in text


# --- what an attacker wrote -------------------------------------------------------------------------------------------

HOSTILE = ["<script>alert(1)</script>", "[x](javascript:alert(1))", "`whoami` | rm", "=cmd|' /C calc'!A0", "\x1b[2J",
           "line\n# Heading\n\n- item", "![p](http://evil.example/p.png)", "http://evil.example/"]  # fmt: skip


def rendered(text: str) -> str:
    did = [behaviour("suspicious_user_agent", names=("nikto",), samples=(text,))]
    seen = sighting(3, user_agents=((text, 3),))
    given = case(dossier(virustotal(7, 4, as_owner=text, related=(text,)), did=did, sighting=seen))
    return markdown.render(document(given))


@pytest.mark.parametrize("text", HOSTILE)
def test_attacker_text_is_inert_in_markdown(text):
    plain, hostile = (MarkdownIt("gfm-like", {"linkify": False}).render(rendered(item)) for item in ("harmless", text))
    for mark in ("<script", "<img", 'javascript:alert(1)"', "<h1", "<h2", 'href="http://evil'):
        assert hostile.count(mark) == plain.count(mark), mark
    assert "\x1b" not in rendered(text)


@settings(max_examples=examples(0.3), deadline=None)
@given(st.text(alphabet=st.sampled_from("ab<>[](){}`*_#|\\!\n\r\t\x1b\x00\u202e~-+=.:/@&;\"'"), max_size=60))
def test_no_text_changes_the_structure_of_the_report(text):
    def structure(source: str) -> List[str]:
        tokens = MarkdownIt("commonmark").parse(source)
        inline = [child for token in tokens for child in token.children or ()]
        return [token.type for token in tokens] + sorted({child.type for child in inline} - {"text", "code_inline"})

    assert structure(rendered(text)) == structure(rendered("harmless"))


# --- found by reading reports -----------------------------------------------------------------------------------------


def board(given: Case) -> str:
    text = markdown.render(document(given)).replace("\\", "")
    return text.split("## Priority board", 1)[1].split("## Critical Threats", 1)[0]


def summary(given: Case) -> str:
    text = markdown.render(document(given)).replace("\\", "")
    return text.split("## Summary", 1)[1].split("## Priority board", 1)[0]


def card_of(given: Case) -> str:
    text = markdown.render(document(given)).replace("\\", "")
    return text.split("## Critical Threats", 1)[1].split("## What we do not know", 1)[0]


FAILED = (silent("virustotal", Status.RATE_LIMITED), silent("abuseipdb", Status.TIMEOUT))
UNKNOWN = [dossier(*FAILED, address=f"198.51.100.{n}") for n in (1, 2)]


def test_failed_look_ups_are_told_where_nothing_is_raised_and_never_read_as_quiet():
    given = case(*UNKNOWN)
    assert subject(given) == "Too little data to judge"
    assert "of 2 there is too little data to judge." in summary(given)
    assert "Of 2 addresses, there is no answer of AbuseIPDB for 2 and VirusTotal for 2." in summary(given)
    assert "2 addresses judged, none above Monitor; of 2 there is too little data to judge." in board(given)


def test_a_source_that_was_never_asked_did_not_fail():
    given = case(dossier(virustotal(0, 0), silent("greynoise", Status.NOT_ASKED)))
    assert "no answer of" not in summary(given)


@pytest.mark.parametrize(
    "did, words",
    [
        ([behaviour("brute_force", succeeded=True)], "One high-priority address breaching defences"),
        (
            [behaviour("exploit_attempt", succeeded=True), behaviour("brute_force")],
            "One high-priority address possibly inside",
        ),
        ([behaviour("c2_contact")], "One medium-priority address serving C2"),
        ([behaviour("c2_beacon"), behaviour("volume_out")], "One high-priority address exfiltrating data"),
        ([behaviour("exploit_attempt")], "One medium-priority address attacking us"),
    ],
)
def test_the_subject_claims_no_more_than_the_events_show(did, words):
    assert subject(case(dossier(virustotal(5, 0), did=did))).split()[2:] == words.split()[2:]


def test_the_subject_says_probing_only_when_all_of_them_probe():
    probing = dossier(*SURE_ALL, did=[behaviour("port_scan")], address="198.51.100.1")
    claiming = dossier(*SURE_ALL, did=[behaviour("false_crawler")], address="198.51.100.2")
    assert subject(case(probing)) == "One high-priority address probing us"
    assert subject(case(probing, claiming)) == "Two high-priority addresses to watch"


def test_the_subject_counts_the_worst_and_not_all_of_them():
    worst = dossier(*SURE_ALL, did=[behaviour("brute_force", succeeded=True)], address="198.51.100.1")
    others = [dossier(*SURE_ALL, did=[behaviour("port_scan")], address=f"198.51.100.{n}") for n in (2, 3)]
    assert subject(case(worst, *others)) == "One high-priority address breaching defences"


SURE_ALL = [virustotal(9, 2), provider("greynoise", "malicious")]


def test_the_severity_is_reasoned_by_what_it_comes_from_and_cites_that_alone():
    did = [behaviour("c2_contact"), behaviour("c2_beacon"), behaviour("volume_out")]
    given = case(dossier(block_list("tracker", "c2"), did=did, sighting=sighting(40, outbound=40)))
    text = card_of(given)
    numbers = {line.split("|")[3].strip().split(" in ")[0]: line.split("|")[1].strip()
               for line in text.splitlines() if line.startswith("| E")}  # fmt: skip
    (line,) = [line for line in text.splitlines() if line.startswith("**Severity Critical**")]
    cited = ", ".join(sorted((numbers["c2 beacon"], numbers["volume out"]), key=lambda label: int(label[1:])))
    assert line == f"**Severity Critical**: our own events show C2 beacon and volume out. [{cited}]"


@pytest.mark.parametrize(
    "did, words",
    [
        (behaviour("brute_force", succeeded=True), "our own events show brute force (a log-in succeeded afterwards)."),
        (behaviour("exploit_attempt", succeeded=True), "our own events show exploit attempt (answered 2xx)."),
    ],
)
def test_a_success_is_named_for_what_it_is(did, words):
    text = card_of(case(dossier(did=[did])))
    assert words in text
    assert "it succeeded" not in text


def test_a_list_out_of_date_that_does_not_hold_the_address_is_never_told_as_a_listing():
    old = Evidence("ours", SourceKind.BLOCK_LIST, Status.STALE, reason="the list is of 2023-09-01")
    hit = replace(block_list("theirs", "block"), status=Status.STALE, reason="the list is of 2023-09-01")
    text = card_of(case(dossier(*SURE_ALL, old, hit, sighting=sighting())))
    assert "ours | stale: the list is of 2023-09-01" in text
    assert "ours: listed" not in text
    assert "theirs: listed as block (stale: the list is of 2023-09-01). [E" in text


def test_the_age_of_own_events_is_the_one_that_decides_their_weight():
    did = [behaviour("brute_force", hours_old=24 * 20, succeeded=True)]
    given = case(dossier(did=did, period_end=NOW.replace(day=16)))
    (row,) = [line for line in card_of(given).splitlines() if line.startswith("| E1 ")]
    assert "| 10 days old | +1.68 |" in row


def test_thirty_raised_addresses_have_25_cards_and_a_word_on_the_others():
    many = [dossier(*SURE_ALL, did=[behaviour("port_scan")], address=f"198.51.100.{n}") for n in range(30)]
    text = card_of(case(*many))
    assert text.count("### ") == 25
    assert (
        "5 further addresses of High or Medium priority have no card here: the CSV and JSON exports name them all."
        in text
    )
    assert "have no card here" not in card_of(case(*many[:25]))


def test_a_board_of_exactly_fifty_rows_leaves_nothing_out():
    many = [dossier(*SURE_ALL, did=[behaviour("port_scan")], address=f"198.51.100.{n}") for n in range(51)]
    assert "further" not in board(case(*many[:50]))
    assert "The CSV and JSON exports have 1 further address." in board(case(*many))


def test_an_export_too_long_for_the_annex_is_named_with_its_size():
    many = [
        dossier(*SURE_ALL, did=[behaviour("port_scan")], address=f"198.51.{n // 200}.{n % 200}") for n in range(400)
    ]
    text = markdown.render(document(case(*many))).replace("\\", "")
    assert "STIX 2.1 bundle: " in text
    assert "MB, too long to stand here; it is a file of its own, by --format stix." in text
    assert len(text) < 1_500_000


def test_what_lies_after_the_moment_judged_is_told_as_left_out():
    text = markdown.render(document(case(dossier(virustotal(9, 2, days_old=-9), provider("otx", authors=2))))).replace(
        "\\", ""
    )
    assert "What VirusTotal said later than the time of this report was left out." in text


def test_providers_that_nobody_asked_are_named():
    text = markdown.render(document(case(dossier(virustotal(0, 0))))).replace("\\", "")
    assert re.search(r"- Not asked at all: .*Cisco Talos", text)
    assert not re.search(r"- Not asked at all: .*VirusTotal", text)


def test_allow_listed_addresses_are_told_with_how_many_are_held():
    held = dossier(*SURE_ALL, did=[behaviour("port_scan")], allowance=Allowance("198.51.100.0/24", "ours"))
    kept = dossier(
        did=[behaviour("brute_force", succeeded=True)], allowance=Allowance("192.0.2.0/24"), address="192.0.2.1"
    )
    text = markdown.render(document(case(held, kept))).replace("\\", "")
    assert "2 addresses are allow-listed: 1 held at Monitor whatever the evidence says." in text
    assert "allow-listed through 198.51.100.0/24 (ours); VirusTotal: 9 engines malicious" in board(case(held, kept))
    assert "2 addresses allow-listed." in board(case(held, kept))


def test_events_that_end_within_the_active_days_are_not_called_old():
    recent = EventsRead("x", "csv", 5, {}, NOW.replace(day=20), NOW.replace(day=21))
    assert "before the time of this report" not in markdown.render(document(case(read=recent)))


def test_data_of_the_day_judged_is_not_later_than_it():
    parts = (SourcePart("lists", "2023-10-26", 5, "CC0-1.0", "x"),)
    assert "embedded data" not in markdown.render(document(case(parts=parts)))


def test_a_pivot_does_not_count_the_address_itself_and_counts_it_not_when_unseen():
    seen = dossier(*SURE_ALL, sighting=sighting(), address="198.51.100.1")
    neighbour = dossier(virustotal(0, 0), sighting=sighting(), address="198.51.100.2")
    unseen = dossier(virustotal(7, 3), address="198.51.100.3")
    text = markdown.render(document(case(seen, neighbour, unseen))).replace("\\", "")
    assert "Pivot from 198.51.100[.]1: 1 neighbour in the same /24 and 1 other address of AS64500" in text
    assert "Pivot from 198.51.100[.]3: 2 neighbours in the same /24 and 2 other addresses of AS64500" in text


def test_a_host_of_ours_that_needs_checking_is_the_finding_even_when_no_address_is_raised():
    did = [behaviour("volume_out")]
    given = case(dossier(virustotal(0, 0), did=did, sighting=sighting(9, outbound=9, local_hosts=("10.0.0.5",))))
    assert subject(given) == "Hosts of ours need checking"
    assert "Investigate our host 10.0.0.5 within one hour" in summary(given)
    assert "due 2023-10-26 13:00 UTC." in summary(given)
    assert "| Investigate our host | 2023-10-26 13:00 UTC |" in board(given)


def test_an_address_to_review_is_not_urgent_and_not_nothing():
    assert subject(case(dossier(virustotal(2, 0)))) == "No address is urgent today"
    assert subject(case(dossier(virustotal(0, 0)))) == "No address needs action today"
