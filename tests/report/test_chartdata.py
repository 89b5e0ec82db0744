"""Charts in words and numbers: the title states the finding, the table holds what is drawn."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cases import (
    build_case,
    crowded_case,
    first_reference_address,
    golden_case,
    owner,
    quiet_case,
    second_reference_address,
    seen,
)
from dossiers import NOW, behaviour, block_list, dossier, engines, provider, silent, virustotal, warning_list
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.dossier import Dossier, Status
from ipthreat.report import chartdata, series
from ipthreat.report.blocks import Figure, Table

GOLDEN = golden_case()
CROWD = crowded_case()


def cells(table: Table) -> list[list[str]]:
    return [["".join(str(part) for part in line) for line in row] for row in table.rows]


def figure(name: str, case=GOLDEN) -> Figure:
    return next(found for found in chartdata.figures(case) if found.name == name)


def test_the_golden_case_has_every_chart_in_print_order() -> None:
    names = [found.name for found in chartdata.figures(GOLDEN)]
    assert names == ["board", "engines", "stats", "timeline", "origins", "coverage"]
    assert chartdata.omitted(GOLDEN) == ()


@pytest.mark.parametrize(
    "name, title",
    [
        ("board", "1 High and 1 Medium priority among 2 addresses; nothing beyond scanning was seen"),
        ("engines", "Criminal IP and CyRadar flag both addresses; 8 further opinions on them are not named"),
        ("stats", "11 of 95 VirusTotal engines flag 18.237.3[.]202 (7 malicious, 4 suspicious), the most of all"),
        ("timeline", "18.237.3[.]202 made 57 of 61 events, from 2023-10-26 07:00 UTC to 2023-10-26 11:00 UTC"),
        ("origins", "2 malicious or suspicious addresses come from as many countries and networks: no concentration"),
        ("coverage", "Cisco Talos gave no answer for any address; 2 other sources answered"),
    ],
)
def test_a_title_states_the_finding(name: str, title: str) -> None:
    assert figure(name).title == title


@pytest.mark.parametrize("case", [GOLDEN, CROWD, build_case(first_reference_address()), quiet_case()])
def test_every_figure_has_words_and_a_full_table(case) -> None:
    waterfalls = [chartdata.waterfall(item) for item in case.assessments]
    for found in (*chartdata.figures(case), *[item for item in waterfalls if item]):
        assert min(len(found.title), len(found.alt), len(found.data.caption)) > 0
        assert found.data.rows
        assert {len(row) for row in found.data.rows} == {len(found.data.header)}


@pytest.mark.parametrize("case", [GOLDEN, CROWD])
def test_no_address_stands_raw_in_a_chart(case) -> None:
    for found in chartdata.figures(case):
        told = [found.title, found.alt, *(cell for row in cells(found.data) for cell in row)]
        for item in case.assessments:
            assert not [text for text in told if item.address in text.replace("[.]", "[").replace("[:]", "[")]


def test_the_board_lists_addresses_with_their_three_axes() -> None:
    assert cells(figure("board").data) == [
        ["1", "18.237.3[.]202", "10", "Low", "High"],
        ["2", "14.103.172[.]199", "8", "Low", "Medium"],
    ]


def test_the_worst_severity_is_named_when_more_than_scanning_was_seen() -> None:
    case = build_case(dossier(virustotal(9, 2), did=[behaviour("brute_force", succeeded=True)]))
    assert figure("board", case).title == "High priority for the one address; the worst severity is High"


def test_a_board_without_raised_addresses_says_so() -> None:
    assert figure("board", quiet_case()).title == "The one address judged does not reach Medium priority"


def test_addresses_without_confidence_are_counted_apart() -> None:
    case = build_case(first_reference_address(), Dossier("10.0.0.1", scope="private"))
    assert figure("board", case).alt.endswith("1 address without a confidence not shown.")
    assert len(figure("board", case).data.rows) == 1


def test_the_board_knows_how_many_addresses_share_a_square() -> None:
    data = series.board(CROWD)
    assert data is not None
    assert sum(len(point.ranks) for point in data.points) == len(CROWD.assessments)
    assert (len(data.listed), data.hidden) == (series.TOP, 30 - series.TOP)


def test_engines_are_ordered_by_how_many_addresses_they_flag() -> None:
    data = series.engine_map(GOLDEN)
    assert data is not None
    assert data.engines[:3] == ("Criminal IP", "CyRadar", "alphaMountain.ai")
    assert [row.opinions[2] for row in data.rows] == ["suspicious", ""]


def test_opinions_without_an_engine_name_are_counted_and_not_invented() -> None:
    assert cells(figure("engines").data) == [
        [
            "18.237.3[.]202", "Criminal IP, CyRadar, CRDF, EmergingThreats, Fortinet, VIPRE", "1",
            "alphaMountain.ai, AlphaSOC, ArcSight Threat Intelligence", "1",
        ],
        ["14.103.172[.]199", "Criminal IP, CyRadar, Certego, SOCRadar", "3", "none", "3"],
    ]  # fmt: skip


def test_more_engines_than_fit_are_counted() -> None:
    names = [f"Engine {number:02}" for number in range(40)]
    case = build_case(dossier(virustotal(40, 0, detections=engines("malicious", *names))))
    found = figure("engines", case)
    assert found.title == "40 named engines flag 198.51.100[.]7"
    assert "16 engines that flag the fewest are left out" in found.data.caption


def test_an_engine_map_in_which_no_engine_repeats_says_so() -> None:
    case = build_case(
        dossier(virustotal(1, 0, detections=engines("malicious", "A")), address="198.51.100.1"),
        dossier(virustotal(1, 0, detections=engines("malicious", "B")), address="198.51.100.2"),
    )
    assert figure("engines", case).title == "No named engine flags more than one of 2 addresses"


def test_all_five_counts_stand_in_the_table() -> None:
    found = figure("stats")
    assert found.data.header[1:6] == ("Malicious #", "Suspicious #", "Undetected #", "Harmless #", "Timeout #")
    assert cells(found.data)[0][1:6] == ["7", "4", "26", "58", "0"]


def test_the_timeline_tells_first_last_and_peak() -> None:
    day = "2023-10-26"
    assert cells(figure("timeline").data)[0] == [
        "18.237.3[.]202", "57", f"{day} 07:00 UTC", f"{day} 11:00 UTC", f"{day} 11:00 UTC", "23",
    ]  # fmt: skip


def test_events_of_one_interval_have_a_time_and_no_period() -> None:
    case = build_case(dossier(virustotal(9, 3), sighting=seen((2, 1))))
    assert figure("timeline", case).title == "198.51.100[.]7 made 1 event, at 2023-10-26 10:00 UTC"


def test_buckets_out_of_order_are_put_in_order() -> None:
    case = build_case(dossier(virustotal(9, 3), sighting=seen((1, 2), (5, 3))))
    data = series.timeline(case)
    assert data is not None
    assert [moment for moment, _ in data.rows[0].buckets] == [NOW - timedelta(hours=5), NOW - timedelta(hours=1)]


def test_a_network_with_several_hostile_addresses_is_named() -> None:
    case = build_case(
        *(dossier(virustotal(9, 3), address=f"198.51.100.{number}") for number in range(3)), second_reference_address()
    )
    assert (
        figure("origins", case).title
        == "3 of 4 malicious or suspicious addresses belong to AS64500 EXAMPLE, 3 to the country NL"
    )


def test_an_unknown_owner_never_leads_the_ranking() -> None:
    unknown = [Dossier(f"198.51.100.{number}", evidence=(virustotal(9, 3),)) for number in range(3)]
    data = series.origins(build_case(*unknown, second_reference_address()))
    assert data is not None
    assert [label for label, _ in data.countries] == ["CN", "not known"]
    alone = figure("origins", build_case(*unknown)).title
    assert alone == "Country or network of 3 malicious or suspicious addresses is not known"


def test_coverage_tells_every_status_in_words() -> None:
    found = figure("coverage", CROWD)
    row = dict(zip(found.data.header, cells(found.data)[0]))
    assert row["GreyNoise"] == "not asked"
    assert row["Cisco Talos"] == "unavailable"
    assert row["VirusTotal"] == "ok"


def test_a_source_that_some_addresses_lack_has_no_entry_there() -> None:
    case = build_case(
        dossier(virustotal(9, 3), address="198.51.100.1"), dossier(virustotal(9, 3), silent("otx", Status.TIMEOUT))
    )
    column = figure("coverage", case).data.header.index("AlienVault OTX")
    assert sorted(row[column] for row in cells(figure("coverage", case).data)) == ["no entry", "timeout"]


def test_complete_coverage_is_a_finding_too() -> None:
    assert figure("coverage", build_case(dossier(virustotal(1, 0)))).title == "All 2 sources answered for 1 address"


def test_a_silent_source_is_never_hidden_behind_those_that_answered() -> None:
    many = [silent(f"source {number:02}", Status.OK) for number in range(40)]
    data = series.coverage_strip(build_case(dossier(*many, silent("zzz", Status.TIMEOUT))))
    assert data is not None
    assert "zzz" in data.sources
    assert (len(data.sources), data.hidden_sources) == (series.SOURCES, 42 - series.SOURCES)


def test_the_waterfall_adds_up_to_the_log_odds() -> None:
    for item in (*GOLDEN.assessments, *CROWD.assessments):
        bars = series.waterfall(item)
        assert bars[-1].end == pytest.approx(item.log_odds)
        assert bars[-2].end == pytest.approx(item.log_odds)
        for before, after in zip(bars[:-1], bars[1:-1]):
            assert after.start == pytest.approx(before.end)


def test_the_waterfall_names_the_strongest_reason() -> None:
    found = chartdata.waterfall(GOLDEN.assessments[0])
    assert found is not None
    assert found.name == "waterfall/18.237.3.202"
    assert found.title == "18.237.3[.]202: hostile with 96 %, confidence 10/10; strongest evidence VirusTotal (+3.34)"


def test_many_small_reasons_are_merged_and_counted() -> None:
    reasons = [behaviour(kind) for kind in ("port_scan", "web_probing", "brute_force", "exploit_attempt", "c2_beacon")]
    lists = [block_list(f"list {number}", "block") for number in range(9)]
    item = build_case(dossier(virustotal(9, 3, reputation=-3), *lists, did=reasons)).assessments[0]
    labels = [bar.label for bar in series.waterfall(item)]
    assert len(labels) == series.TOP
    assert any(label.endswith("smaller reasons") for label in labels)


def test_an_address_without_any_reason_has_a_waterfall_of_its_prior() -> None:
    found = chartdata.waterfall(quiet_case().assessments[0])
    assert found is not None
    assert found.title.endswith("nothing speaks for or against it")


def test_a_private_address_has_no_waterfall() -> None:
    assert chartdata.waterfall(build_case(Dossier("10.0.0.1", scope="private")).assessments[0]) is None


def test_what_held_the_probability_down_is_told() -> None:
    hostile = [
        virustotal(60, 0),
        provider("abuseipdb", score=100, distinct_reporters=9),
        provider("greynoise", "malicious"),
    ]
    found = chartdata.waterfall(build_case(dossier(*hostile, warning_list("cdn", "Fastly"))).assessments[0])
    assert found is not None
    assert found.alt.endswith("Held at 0.54: Fastly vouches for the range and nothing hostile was seen.")


def test_an_empty_case_has_no_chart_and_a_sentence_for_each() -> None:
    assert chartdata.figures(build_case()) == ()
    assert len(chartdata.omitted(build_case())) == len(chartdata.FIGURES)


def test_a_quiet_case_says_what_it_leaves_out() -> None:
    assert [found.name for found in chartdata.figures(quiet_case())] == ["board", "coverage"]
    assert chartdata.omitted(quiet_case()) == (
        "No engine is named for any address, so there is no map of engines.",
        "VirusTotal answered for no address, so its counts are not drawn.",
        "There is no raised address with own events that bear a time, so there is no timeline.",
        "No address is malicious or suspicious, so countries and networks are not drawn.",
    )


@given(st.integers(0, 40))
def test_no_chart_has_more_rows_than_it_can_show(count: int) -> None:
    for found in chartdata.figures(crowded_case(count)):
        limit = 2 * series.TOP if found.name == "origins" else series.TOP
        assert len(found.data.rows) <= limit


def test_a_table_says_how_many_addresses_it_leaves_out() -> None:
    assert figure("board", CROWD).data.caption.endswith("(and 18 less pressing ones, in the CSV and JSON exports)")


def hostile(address: str, asn: int, name: str, country: str) -> Dossier:
    """An address that engines flag, with its owner."""
    return Dossier(address, evidence=(virustotal(9, 3), owner(asn, name, "192.0.2.0/24", country, "ARIN")))


def origins_title(*dossiers: Dossier) -> str:
    return figure("origins", build_case(*dossiers)).title


def test_one_system_under_two_names_is_one_network() -> None:
    first, second = hostile("192.0.2.1", 64500, "EXAMPLE", "NL"), hostile("192.0.2.2", 64500, "Example Inc", "DE")
    assert (
        origins_title(first, second)
        == "2 of 2 malicious or suspicious addresses belong to AS64500 EXAMPLE, 1 to the country DE"
    )


def test_addresses_of_one_country_lie_in_different_networks() -> None:
    first, second = hostile("192.0.2.1", 64500, "EXAMPLE", "NL"), hostile("192.0.2.2", 64501, "OTHER", "NL")
    assert (
        origins_title(first, second)
        == "2 of 2 malicious or suspicious addresses lie in the country NL, in different networks"
    )


def test_what_is_not_known_of_some_origins_is_told_and_no_claim_made_about_them() -> None:
    nowhere = [Dossier(f"198.51.100.{number}", evidence=(virustotal(9, 3),)) for number in range(3)]
    first, second = hostile("192.0.2.1", 64500, "EXAMPLE", "NL"), hostile("192.0.2.2", 64501, "OTHER", "DE")
    one = "One malicious or suspicious address belongs to AS64500 EXAMPLE (country: NL); of 3 more it is not known"
    two = "2 malicious or suspicious addresses come from as many countries and networks; of 3 more it is not known"
    assert origins_title(first, *nowhere) == one
    assert origins_title(first, second, *nowhere) == two


def test_the_busiest_address_is_told_with_its_own_period_not_that_of_all() -> None:
    early = dossier(virustotal(9, 3), sighting=seen((50, 1), (40, 1)), address="198.51.100.1")
    busy = dossier(virustotal(9, 3), sighting=seen((3, 5), (1, 5)), address="198.51.100.2")
    title = figure("timeline", build_case(early, busy)).title
    assert title == "198.51.100[.]2 made 10 of 12 events, from 2023-10-26 09:00 UTC to 2023-10-26 11:00 UTC"


def test_when_no_source_answered_for_all_no_other_source_is_claimed() -> None:
    first = Dossier("192.0.2.1", evidence=(virustotal(9, 3),))
    second = Dossier("192.0.2.2", evidence=(owner(64501, "OTHER", "192.0.2.0/24", "DE", "ARIN"), virustotal(9, 0)))
    assert figure("coverage", build_case(first, second)).title.endswith("1 other source answered")
