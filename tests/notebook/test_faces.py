"""One library, three faces: the same events give the same numbers in a notebook, on the command line and in Splunk."""

from __future__ import annotations

import json

import pandas
import pytest
from frames import demo_events
from searches import answer, ground

import ipthreat.notebook as ti
from ipthreat.cli import main
from ipthreat.splunk.protocol import table_from

AS_OF = "2023-11-14T22:13:20Z"
"""When the search of the tests was started."""
NAMES = ("_time", "src_ip", "http_user_agent", "request", "status")
SCALARS = ("verdict", "confidence", "severity", "priority", "status", "asn", "org", "network", "country", "rir")
AXES = ("verdict", "confidence", "severity", "priority", "status", "probability")


@pytest.fixture(scope="module")
def frame() -> pandas.DataFrame:
    """The demo's events, three weeks later than they were, so that they lie before the search."""
    events = demo_events()
    return events.assign(_time=events["_time"] + pandas.Timedelta(days=18))


def searched(frame: pandas.DataFrame, search: str) -> list:
    rows = [
        {**row, "_time": f"{row['_time'].timestamp():.0f}", "status": str(row["status"])}
        for row in frame[list(NAMES)].to_dict("records")
    ]
    return answer(ground(), search, table_from(NAMES, rows))


def test_enrich_gives_row_by_row_what_the_search_command_gives(frame):
    made = frame.ipthreat.enrich(
        "src_ip", user_agent="http_user_agent", request="request", status="status", as_of=AS_OF, on=None,
    )  # fmt: skip
    records = searched(frame, "| ipthreat src_ip user_agent=http_user_agent uri=request http_status=status")
    assert len(records) == len(made)
    for record, row in zip(records, made.to_dict("records")):
        for name in SCALARS:
            value = row[f"ti_{name}"]
            assert str(record[f"ti_{name}"]) == ("" if pandas.isna(value) else str(value)), (row["src_ip"], name)
        for name in ("reasons", "flags"):
            found = record[f"ti_{name}"]
            texts = found if isinstance(found, list) else [found] if found else []
            assert tuple(texts) == row[f"ti_{name}"]


def test_bytes_sent_to_the_other_end_are_judged_as_by_the_search_command(frame):
    rows = frame.rename(columns={"src_ip": "dest_ip"}).assign(bytes_out=range(0, 10**8 * len(frame), 10**8))
    made = rows.ipthreat.enrich("dest_ip", bytes_out="bytes_out", as_of=AS_OF)
    names = ("dest_ip", "bytes_out")
    table = table_from(names, [{name: str(row[name]) for name in names} for row in rows.to_dict("records")])
    records = answer(ground(), "| ipthreat dest_ip bytes_out=bytes_out", table)
    for record, row in zip(records, made.to_dict("records")):
        assert record["ti_priority"] == row["ti_priority"], row["dest_ip"]
        assert str(record["ti_confidence"]) == ("" if pandas.isna(row["ti_confidence"]) else str(row["ti_confidence"]))
        found = record["ti_flags"] if isinstance(record["ti_flags"], list) else [record["ti_flags"]]
        assert tuple(flag for flag in found if flag) == row["ti_flags"]
    assert made["ti_flags"].map(lambda flags: "volume_out" in flags).any()


def test_assess_the_report_of_the_command_line_and_that_of_the_search_agree(frame, tmp_path, capsys):
    result = frame.ipthreat.assess("src_ip", on=ti.Ground.of(as_of=AS_OF, environment={}))
    mine = json.loads(str(result.report("json")))
    frame[list(NAMES)].to_csv(tmp_path / "events.csv", index=False)
    assert (
        main(["report", str(tmp_path / "events.csv"), "--as-of", AS_OF, "--json"], {"IPTHREAT_HOME": "/nowhere"}) == 0
    )
    command = json.loads(capsys.readouterr().out)
    (record,) = searched(frame, "| ipthreatreport format=json by=src_ip")
    search = json.loads(str(record["report"]))

    def axes(report):
        return {item["ip"]: [item.get(name) for name in AXES] for item in report["assessments"]}

    assert axes(mine) == axes(command) == axes(search)
    assert len(axes(mine)) > 20


def test_addresses_without_events_are_the_same_by_hand_in_a_frame_in_a_search_and_on_the_command_line(frame, capsys):
    addresses = [*dict.fromkeys(frame["src_ip"]), "8.8.8.8", "10.0.0.1", "2001:4860:4860::8888", "rubbish"]
    ground_now = ti.Ground.of(as_of=AS_OF, environment={})
    made = pandas.DataFrame({"src_ip": addresses}).ipthreat.enrich("src_ip", on=ground_now)
    records = answer(ground(), "| ipthreat src_ip", table_from(("src_ip",), [{"src_ip": item} for item in addresses]))
    by_hand = ti.check(addresses, on=ground_now).table
    assert main(["check", *addresses, "--as-of", AS_OF, "--json"], {"IPTHREAT_HOME": "/nowhere"}) == 0
    command = {item["ip"]: item for item in json.loads(capsys.readouterr().out)["assessments"]}

    def texts(values):
        return ["" if value is None or pandas.isna(value) else str(value) for value in values]

    compared = 0
    for address, row, record in zip(addresses, made.to_dict("records"), records):
        enriched = texts(row[f"ti_{name}"] for name in AXES[:4])
        assert enriched == texts(record[f"ti_{name}"] for name in AXES[:4]), address
        if address in command:
            assert enriched == texts(command[address].get(name) for name in AXES[:4]), address
            assert enriched == texts(by_hand.loc[address, list(AXES[:4])]), address
            compared += 1
    assert compared > 25
