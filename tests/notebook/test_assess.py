"""`.assess`: a frame of events judged as the command line judges the same rows in a file."""

from __future__ import annotations

import json

import pandas
import pytest
from frames import SAMPLE, demo_events, demo_ground

import ipthreat.notebook as ti
from ipthreat import demo
from ipthreat.cli import main
from ipthreat.errors import InputError

GROUND = demo_ground()


def reported(folder, frame, capsys, *options, name="events.csv"):
    """What `ipthreat report --json` says of the rows of a frame, by address."""
    path = folder / name
    frame.to_csv(path, index=False) if name.endswith("csv") else frame.to_json(path, orient="records", lines=True)
    arguments = ["report", str(path), "--as-of", "2023-10-26T23:59:59Z", "--evidence", str(demo.EVIDENCE), "--json"]
    assert main([*arguments, *options], {"IPTHREAT_HOME": str(folder / "home")}) == 0
    return json.loads(capsys.readouterr().out)


def told(result):
    return json.loads(str(result.report("json")))


def essence(report):
    """Everything that is told of the addresses; only the origin of the events differs."""
    events = report["events"]
    return report["assessments"], report["counts"], events["read"], sum(events["skipped"].values())


def test_the_demo_events_are_judged_as_on_the_command_line(tmp_path, capsys):
    frame = demo_events()
    report = reported(tmp_path, frame, capsys, "--field", "src_ip")
    assert essence(told(frame.ipthreat.assess("src_ip", on=GROUND))) == essence(report)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.rename(columns={"src_ip": "client_ip", "_time": "timestamp", "request": "url"}),
        lambda frame: frame.assign(status=frame["status"].astype("Int64").where(frame.index % 7 > 0)),
        lambda frame: frame.assign(src_ip=frame["src_ip"].where(frame.index % 5 > 0, "rubbish")),
        lambda frame: frame.assign(src_ip=frame["src_ip"].where(frame.index % 5 > 0)),
        lambda frame: frame.assign(dest_ip="192.168.1.5", dest_port=443.0, user="ana"),
        lambda frame: frame.assign(src_ip="10.0.0.9", dest_ip=frame["src_ip"], bytes_out=10_000_000),
        lambda frame: frame.assign(action=["failure"] * (len(frame) - 1) + ["success"], user="root", src_ip=SAMPLE),
        lambda frame: frame.assign(_time="not a time"),
        lambda frame: frame.assign(_time=frame["_time"].dt.strftime("%d/%b/%Y:%H:%M:%S +0000")),
        lambda frame: frame.assign(_time=frame["_time"] + pandas.Timedelta(days=9)),
        lambda frame: frame.assign(http_method="POST", uri="/cgi-bin/x", uri_query="a=1").drop(columns="request"),
        lambda frame: frame.assign(http_user_agent=frame["http_user_agent"].astype("category")),
        lambda frame: frame.assign(bytes_out=frame["bytes_out"].astype("Int64"), status=frame["status"].astype(str)),
    ],
)
def test_whatever_the_columns_hold_the_judgement_is_that_of_the_command_line(change, tmp_path, capsys):
    frame = change(demo_events())
    assert essence(told(frame.ipthreat.assess(on=GROUND))) == essence(reported(tmp_path, frame, capsys))


def test_json_lines_give_the_same_as_the_frame_they_were_written_from(tmp_path, capsys):
    frame = demo_events().assign(_time=lambda rows: rows["_time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    report = reported(tmp_path, frame, capsys, name="events.json")
    assert essence(told(frame.ipthreat.assess("src_ip", on=GROUND))) == essence(report)


def test_columns_can_be_named_and_switched_off():
    frame = demo_events().rename(columns={"http_user_agent": "who", "_time": "moment", "request": "line"})
    unnamed = frame.ipthreat.assess("src_ip", on=GROUND).assessment(SAMPLE)
    assert unnamed.dossier.sighting.first_seen is None
    named = frame.ipthreat.assess("src_ip", time="moment", user_agent="who", request="line", on=GROUND)
    whole = demo_events().ipthreat.assess("src_ip", on=GROUND)
    assert told(named)["assessments"] == told(whole)["assessments"]
    without = demo_events().ipthreat.assess("src_ip", user_agent=None, on=GROUND).assessment(SAMPLE)
    assert "suspicious_user_agent" not in without.flags


def test_every_row_is_an_event_or_counted_as_none():
    frame = demo_events()
    frame.loc[:9, "src_ip"] = None
    result = frame.ipthreat.assess("src_ip", on=GROUND)
    events = result.case.events
    assert events.read == len(frame)
    assert sum(item.dossier.sighting.count for item in result.case.assessments) == len(frame) - 10
    assert dict(events.skipped) == {"the address field holds no IP address": 10}


def test_times_without_a_zone_are_utc_and_other_zones_are_minded():
    frame = demo_events()
    naive = frame.assign(_time=frame["_time"].dt.tz_localize(None))
    elsewhere = frame.assign(_time=frame["_time"].dt.tz_convert("Asia/Tokyo"))
    expected = told(frame.ipthreat.assess("src_ip", on=GROUND))["assessments"]
    for other in (naive, elsewhere):
        assert told(other.ipthreat.assess("src_ip", on=GROUND))["assessments"] == expected


def test_own_networks_tell_which_end_is_ours():
    frame = pandas.DataFrame({"src_ip": ["203.0.114.9"] * 3, "dest_ip": [SAMPLE] * 3, "bytes_out": [5, 5, 5]})
    ours = frame.ipthreat.assess("src_ip", own=["203.0.114.0/24"], on=GROUND)
    assert ours.assessment(SAMPLE).dossier.sighting.outbound == 3
    with pytest.raises(InputError, match="is no network"):
        frame.ipthreat.assess("src_ip", own=["here"], on=GROUND)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda frame: frame.ipthreat.assess("ip"), "there is no column 'ip'"),
        (lambda frame: frame.ipthreat.assess("src_ip", colour="status"), "no column can mean 'colour'"),
        (lambda frame: frame.ipthreat.assess("src_ip", time="when"), "there is no column 'when'"),
        (lambda frame: frame[["status"]].ipthreat.assess(), "no column is known to hold an address"),
        (lambda frame: frame.ipthreat.assess("src_ip", policy="harsh"), "there is no policy named 'harsh'"),
        (lambda frame: frame.ipthreat.assess("src_ip", as_of="soon"), "is no ISO date or time"),
        (lambda frame: frame.ipthreat.assess("src_ip", evidence="absent.json"), "cannot be read"),
    ],
)
def test_a_mistake_is_one_clear_sentence(call, words):
    with pytest.raises(InputError, match=words):
        call(demo_events())


def test_addresses_by_hand_are_judged_as_on_the_command_line(tmp_path, capsys):
    texts = ["18.237.3[.]202", "14.103.172.199:80", "10.0.0.1", "rubbish", "8.8.8.8"]
    arguments = ["check", *texts, "--as-of", "2023-10-26T23:59:59Z", "--evidence", str(demo.EVIDENCE), "--json"]
    assert main(arguments, {"IPTHREAT_HOME": str(tmp_path)}) == 0
    expected = json.loads(capsys.readouterr().out)["assessments"]
    assert told(ti.check(" ".join(texts), on=GROUND))["assessments"] == expected
    assert told(ti.check(texts, on=GROUND))["assessments"] == expected
