"""`.enrich`: the same rows in the same order, whatever stands in them, with the judgement beside them."""

from __future__ import annotations

import ipaddress

import numpy
import pandas
import pytest
from frames import SAMPLE, demo_events, demo_ground
from hypothesis import given
from hypothesis import strategies as st

import ipthreat.notebook as ti
from ipthreat.assessment import assess
from ipthreat.dossier import Evidence, SourceKind, Status
from ipthreat.errors import InputError
from ipthreat.fields import FIELDS, Subject, chosen, owner_of
from ipthreat.report.quotaplan import PlannedSource

GROUND = demo_ground()
MIXED = [
    "8.8.8.8", None, "rubbish", float("nan"), "2001:4860:4860::8888", ["1.1.1.1", SAMPLE], "18.237.3[.]202",
    "8.8.8.8, 18.237.3.202", "10.0.0.1", pandas.NA, 7, ipaddress.ip_address("9.9.9.9"), {"a": 1}, "::ffff:8.8.8.8",
    ("8.8.8.8",), numpy.array(["8.8.4.4"]), b"8.8.8.8", "", "18.237.3.202:443", "no address in this prose", [],
]  # fmt: skip


def mixed() -> pandas.DataFrame:
    return pandas.DataFrame({"ip": pandas.Series(MIXED, dtype=object), "row": range(len(MIXED))})


def test_rows_index_and_other_columns_are_as_before():
    frame = mixed().set_index(pandas.Index(["same"] * len(MIXED)))
    before = frame.copy()
    made = frame.ipthreat.enrich("ip", on=GROUND)
    assert made.index.equals(before.index)
    assert list(made.columns[:2]) == ["ip", "row"]
    assert made["row"].tolist() == before["row"].tolist()
    assert list(frame.columns) == ["ip", "row"], "the frame itself must not change"
    assert all(one is other for one, other in zip(made["ip"], before["ip"]))


def test_whatever_stands_in_a_cell_gets_an_answer():
    made = mixed().ipthreat.enrich("ip", on=GROUND)
    addresses = ["8.8.8.8", None, None, None, "2001:4860:4860::8888", SAMPLE, SAMPLE, SAMPLE, "10.0.0.1", None, None]
    addresses += ["9.9.9.9", None, "8.8.8.8", "8.8.8.8", "8.8.4.4", "8.8.8.8", None, SAMPLE, None, None]
    assert [None if pandas.isna(item) else item for item in made["ti_address"]] == addresses
    assert [status == "invalid" for status in made["ti_status"]] == [item is None for item in addresses]


def test_of_several_addresses_in_a_cell_the_most_pressing_is_told_of():
    made = pandas.DataFrame({"ip": [["8.8.8.8", SAMPLE]]}).ipthreat.enrich("ip", on=GROUND)
    assert made.loc[0, "ti_address"] == SAMPLE
    assert made.loc[0, "ti_confidence"] == 8


def test_columns_have_dtypes_that_sort_and_compare():
    made = demo_events().ipthreat.enrich("src_ip", fields="full", on=GROUND)
    assert made["ti_confidence"].dtype == "Int8"
    assert made["ti_asn"].dtype == "Int64"
    assert str(made["ti_first_seen"].dtype).startswith("datetime64[s, UTC")
    assert (made["ti_priority"] >= "Medium").any()
    assert made["ti_severity"].cat.categories.tolist() == ["Low", "Medium", "High", "Critical"]
    assert made.sort_values("ti_verdict")["ti_verdict"].iloc[-1] == "malicious"
    assert isinstance(made["ti_reasons"].iloc[0], tuple)
    assert made["ti_vt_malicious"].dtype == "Int32"


@pytest.mark.parametrize("fields", ["core", "full", "verdict,asn"])
def test_the_fields_are_those_of_the_table_of_fields(fields):
    made = demo_events().head(3).ipthreat.enrich("src_ip", fields=fields, on=GROUND)
    assert list(made.columns[6:]) == ["ti_address", *(field.named("ti_") for field in chosen(fields))]


def test_several_address_columns_bear_their_names_and_a_second_run_replaces_the_first():
    frame = pandas.DataFrame({"a": ["8.8.8.8"], "b": [SAMPLE]})
    once = frame.ipthreat.enrich(["a", "b"], fields="confidence", on=GROUND)
    assert list(once.columns[2:]) == ["a_ti_address", "a_ti_confidence", "b_ti_address", "b_ti_confidence"]
    twice = once.ipthreat.enrich(["a", "b"], fields="confidence", on=GROUND)
    pandas.testing.assert_frame_equal(once, twice)


def test_an_event_tells_of_itself_alone():
    frame = pandas.DataFrame(
        {"ip": [SAMPLE] * 3, "agent": ["Mozilla/5.00 (Nikto/2.1.6)", "Mozilla/5.0", None], "path": ["/", "/", "/"]}
    )
    made = frame.ipthreat.enrich("ip", user_agent="agent", request="path", on=GROUND)
    assert made["ti_confidence"].tolist() == [10, 8, 8]
    assert made["ti_priority"].astype(str).tolist() == ["High", "Medium", "Medium"]
    assert "suspicious_user_agent" in made["ti_flags"].iloc[0]


def test_what_a_client_says_is_not_held_against_the_server_it_speaks_to():
    frame = pandas.DataFrame({"dest_ip": [SAMPLE], "agent": ["nikto"]})
    made = frame.ipthreat.enrich("dest_ip", user_agent="agent", on=GROUND)
    assert "suspicious_user_agent" not in made["ti_flags"].iloc[0]


def test_a_crawler_is_held_against_its_own_address():
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    frame = pandas.DataFrame({"ip": ["66.249.66.1", "18.237.3.202", "rubbish", None], "agent": [agent] * 4})
    made = frame.ipthreat.enrich("ip", user_agent="agent", on=GROUND)
    assert ["false_crawler" in flags for flags in made["ti_flags"]] == [False, True, False, False]
    assert made["ti_status"].astype(str).tolist()[2:] == ["invalid", "invalid"]


def test_a_crawler_in_its_operators_own_network_is_not_called_false():
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    made = pandas.DataFrame({"ip": ["8.8.8.8"], "agent": [agent]}).ipthreat.enrich("ip", user_agent="agent", on=GROUND)
    assert "false_crawler" not in made["ti_flags"].iloc[0]


def test_bytes_count_for_the_other_end_and_only_outside():
    many = 5 * 10**9
    frame = pandas.DataFrame({"dest_ip": [SAMPLE, SAMPLE, "10.0.0.9", "rubbish"], "sent": [many, 100, many, many]})
    made = frame.ipthreat.enrich("dest_ip", bytes_out="sent", on=GROUND)
    assert ["volume_out" in flags for flags in made["ti_flags"]] == [True, False, False, False]
    made = frame.rename(columns={"dest_ip": "src_ip"}).ipthreat.enrich("src_ip", bytes_out="sent", on=GROUND)
    assert not any("volume_out" in flags for flags in made["ti_flags"])


CELLS = st.one_of(
    st.none(), st.text(max_size=20), st.ip_addresses().map(str), st.ip_addresses(), st.integers(), st.floats(),
    st.lists(st.ip_addresses().map(str), max_size=3), st.booleans(), st.binary(max_size=8),
)  # fmt: skip


@given(st.lists(CELLS, max_size=12))
def test_no_row_is_lost_and_each_has_the_answer_of_its_own_address(values):
    frame = pandas.DataFrame({"ip": pandas.Series(values, dtype=object)})
    made = frame.ipthreat.enrich("ip", on=GROUND)
    assert len(made) == len(values)
    for address, confidence, org in zip(made["ti_address"], made["ti_confidence"], made["ti_org"]):
        if not pandas.isna(address):
            (dossier,) = GROUND.gatherer.gather([address], {}, None)
            judged = assess(dossier, GROUND.policy, GROUND.as_of)
            assert (None if pandas.isna(confidence) else confidence) == judged.confidence
            assert ("" if pandas.isna(org) else org) == owner_of(judged).name


def test_every_value_is_the_one_that_the_table_of_fields_reads():
    made = demo_events().drop_duplicates("src_ip").ipthreat.enrich("src_ip", fields="full", on=GROUND)
    row = made.set_index("ti_address").loc[SAMPLE]
    judged = ti.check(SAMPLE, on=GROUND).assessment(SAMPLE)
    subject = Subject(SAMPLE, owner_of(judged), judged)
    for field in FIELDS:
        if field.group in ("core", "full") and field.name not in ("first_seen", "last_seen"):
            expected, found = field.read(subject), row[field.named("ti_")]
            assert (expected or None) == (found or None) if isinstance(expected, tuple) else (
                pandas.isna(found) if expected in (None, "") else found == expected
            ), field.name  # fmt: skip


def test_a_frame_without_rows_stays_one():
    made = pandas.DataFrame({"ip": pandas.Series([], dtype=object)}).ipthreat.enrich("ip", on=GROUND)
    assert len(made) == 0
    assert made["ti_confidence"].dtype == "Int8"


def test_a_column_that_there_is_not_is_one_clear_sentence():
    with pytest.raises(InputError, match="there is no column 'src'; there are ip, row"):
        mixed().ipthreat.enrich("src", on=GROUND)
    twice = pandas.DataFrame([["8.8.8.8", "9.9.9.9"]], columns=["ip", "ip"])
    with pytest.raises(InputError, match="more than one column is named 'ip'"):
        twice.ipthreat.enrich("ip", on=GROUND)
    with pytest.raises(InputError, match="there is no field 'colour'"):
        mixed().ipthreat.enrich("ip", fields="colour", on=GROUND)


class Vendor:
    """A live source that counts what it is asked, and can be interrupted."""

    name = "vendor"

    def __init__(self, stop_after: int = 10**9, status: Status = Status.NOT_FOUND) -> None:
        self.asked, self._stop, self._status = [], stop_after, status

    def evidence(self, address):
        if len(self.asked) == self._stop:
            self._stop = 10**9
            raise KeyboardInterrupt
        self.asked.append(address)
        return (Evidence("vendor", SourceKind.PROVIDER, self._status),)


PUBLIC = pandas.DataFrame({"ip": [f"20.0.{number}.1" for number in range(10)] * 3})


def test_a_source_is_asked_once_per_address_and_never_of_private_ones():
    vendor = Vendor()
    frame = pandas.concat([PUBLIC, pandas.DataFrame({"ip": ["10.0.0.1", "rubbish", "127.0.0.1"]})])
    for _ in range(2):
        made = frame.ipthreat.enrich("ip", fields="sources", sources=[vendor])
    assert sorted(vendor.asked) == sorted(set(PUBLIC["ip"]))
    assert "vendor=not_found" in made["ti_sources"].iloc[0]


def test_an_interrupted_run_keeps_its_answers_and_goes_on_where_it_stopped():
    vendor = Vendor(stop_after=4)
    with pytest.raises(KeyboardInterrupt):
        PUBLIC.ipthreat.enrich("ip", sources=[vendor])
    assert len(vendor.asked) == 4
    PUBLIC.ipthreat.enrich("ip", sources=[vendor])
    assert len(vendor.asked) == len(set(vendor.asked)) == 10


def test_a_failed_look_up_is_asked_again():
    vendor = Vendor(status=Status.TIMEOUT)
    for _ in range(2):
        PUBLIC.head(2).ipthreat.enrich("ip", sources=[vendor])
    assert len(vendor.asked) == 4


def test_the_plan_says_what_would_be_asked_and_asks_nothing():
    vendor = Vendor()
    frame = pandas.concat([PUBLIC, pandas.DataFrame({"ip": ["10.0.0.1", "rubbish", "127.0.0.1"]})])
    assert str(frame.ipthreat.plan("ip", sources=[vendor])).splitlines() == [
        "33 rows, 13 distinct: 2 private or reserved (never sent), 1 that are no addresses, 0 allow-listed",
        "vendor: 0 answers at hand, 10 to ask",
        "nothing was asked",
    ]
    assert vendor.asked == []
    PUBLIC.head(4).ipthreat.enrich("ip", sources=[vendor])
    assert frame.ipthreat.plan("ip", sources=[vendor]).calls == (PlannedSource("vendor", 4, 6, withheld=3),)


def test_the_plan_is_shown_before_a_live_run_that_somebody_watches(capsys):
    PUBLIC.ipthreat.enrich("ip", sources=[Vendor()], progress=True)
    assert "vendor: 0 answers at hand, 10 to ask\n" in capsys.readouterr().err
    PUBLIC.ipthreat.assess("ip", sources=[Vendor()], progress=True)
    assert "vendor: 0 answers at hand, 10 to ask\n" in capsys.readouterr().err
    PUBLIC.ipthreat.enrich("ip", sources=[Vendor()])
    assert capsys.readouterr().err == ""


def test_an_interrupted_assessment_goes_on_where_it_stopped():
    vendor = Vendor(stop_after=4)
    with pytest.raises(KeyboardInterrupt):
        PUBLIC.ipthreat.assess("ip", sources=[vendor])
    result = PUBLIC.ipthreat.assess("ip", sources=[vendor])
    assert len(vendor.asked) == len(set(vendor.asked)) == len(result.case.assessments) == 10


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries_are_taken(library):
    pytest.importorskip("pyarrow")
    module = pytest.importorskip(library)
    frame = module.DataFrame({"ip": [SAMPLE, None]}) if library == "polars" else module.table({"ip": [SAMPLE, None]})
    made = ti.enrich(frame, "ip", on=GROUND)
    assert made["ti_status"].astype(str).tolist() == ["ok", "invalid"]
    assert len(ti.assess(frame, "ip", on=GROUND).case.assessments) == 1


def test_what_is_no_frame_is_refused_in_one_sentence():
    with pytest.raises(InputError, match="a list is no DataFrame"):
        ti.enrich(["8.8.8.8"], "ip", on=GROUND)


def test_a_progress_bar_is_shown_when_it_is_wanted(capsys):
    PUBLIC.ipthreat.enrich("ip", progress=True, on=GROUND)
    assert "look-up" in capsys.readouterr().err
    PUBLIC.ipthreat.enrich("ip", on=GROUND)
    assert capsys.readouterr().err == ""
