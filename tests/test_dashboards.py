"""The app's pages: nothing dangles in a dashboard, its searches give the fields that its panels show, and what comes
from outside stays a text. How they look is tested in a browser: `make browser-test`."""

from __future__ import annotations

import json
import re
import sys
from typing import Any, Dict, Iterator, List, Set, Tuple

import pytest
from dashboards import (
    DASHBOARDS,
    EGRESS_FIELDS,
    MOMENT,
    REQUEST_FIELDS,
    TOKEN,
    VIEWS,
    definition,
    given,
    log_lines,
    view,
    with_tokens,
)
from searches import ROOT, answer, ground
from spl import Found, Search, expanded, searched
from spl_eval import Expression, SplError

from ipthreat.splunk.lookup_rows import FIELDS as LOOKUP_FIELDS

pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="pages are the same under every Python")
STATIC = ROOT / "splunk_app" / "appserver" / "static"
KNOWN = "45.155.205.233"
WITHOUT_EVENTS = "1.1.1.1"
SOURCES = [(name, source) for name in DASHBOARDS for source in definition(name)["dataSources"]]
PANELS = [(name, panel) for name in DASHBOARDS for panel in definition(name)["visualizations"]]
_CHART = {
    *("legendDisplay", "seriesColorsByField", "stackMode", "dataValuesDisplay", "nullValueDisplay", "yAxisScale"),
    *("xAxisTitleVisibility", "xAxisLabelVisibility", "yAxisTitleVisibility", "yAxisTitleText"),
}
OPTIONS: Dict[str, Set[str]] = {
    "splunk.singlevalue": {
        *("majorColor", "majorFontSize", "showSparklineAreaGraph", "sparklineDisplay", "trendDisplay"),
        *("unit", "unitPosition"),
    },
    "splunk.table": {"count", "columnFormat"},
    "splunk.markdown": {"markdown", "fontSize"},
    **{f"splunk.{kind}": _CHART for kind in ("bar", "column", "line")},
}
"""The options that the panels use. The schema takes any name, so a new one is looked up and added here by hand."""
HOSTILE = [
    '"] | delete',
    '" OR index=* "',
    "*",
    "`macro`",
    "$index$",
    "\\",
    '\\"] | outputlookup x',
    "1.2.3.4 | delete",
    "1.2.3.4\n| delete",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "1.2.3.4/8",
    "",
]


def strings(value: Any) -> Iterator[str]:
    """Every text in a piece of a dashboard."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def panel_of(name: str, panel: str) -> Tuple[Dict[str, Any], str]:
    """A panel and its data source."""
    found = definition(name)["visualizations"][panel]
    return found, found.get("dataSources", {}).get("primary", "")


def rows(found: Found) -> List[Dict[str, Any]]:
    """The rows without empty cells."""
    return [{name: value for name, value in row.items() if value not in (None, "")} for row in found.rows]


# --- the definitions ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_is_of_dashboard_studio_and_says_what_it_is(name):
    root = view(name)
    assert (root.tag, root.get("version")) == ("dashboard", "2")
    assert root.findtext("label") == definition(name)["title"]
    assert root.findtext("description") == definition(name)["description"]


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_has_one_place_and_no_two_overlap(name):
    dashboard = definition(name)
    places = {entry["item"]: entry["position"] for entry in dashboard["layout"]["structure"]}
    assert sorted(places) == sorted(dashboard["visualizations"])
    assert len(places) == len(dashboard["layout"]["structure"])
    assert sorted(dashboard["layout"]["globalInputs"]) == sorted(dashboard["inputs"])
    boxes = [(box["x"], box["y"], box["x"] + box["w"], box["y"] + box["h"]) for box in places.values()]
    assert all(left >= 0 and right <= 1200 for left, _, right, _ in boxes)
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], (one, other)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_no_data_source_dangles_and_none_is_idle(name):
    dashboard = definition(name)
    sources = dashboard["dataSources"]
    shown = {
        source for panel in dashboard["visualizations"].values() for source in panel.get("dataSources", {}).values()
    }
    extended = {source["options"]["extend"] for source in sources.values() if "extend" in source["options"]}
    assert shown | extended == set(sources)
    assert all("extend" not in sources[base]["options"] for base in extended)


@pytest.mark.parametrize("name, panel", PANELS)
def test_a_panel_has_known_options_only(name, panel):
    found, _ = panel_of(name, panel)
    assert set(found["options"]) <= OPTIONS[found["type"]]
    assert set(found) <= {"type", "title", "description", "dataSources", "options", "context", "eventHandlers"}


@pytest.mark.parametrize("name, panel", PANELS)
def test_a_panel_says_what_it_shows_when_there_is_nothing(name, panel):
    found, source = panel_of(name, panel)
    assert not source or re.search(r"\bEmpty: |\b0(?: %)?: |Never empty: ", found["description"]), found["description"]


def tokens_of(name: str) -> Set[str]:
    """The tokens that are set by an input, by a default or by a click."""
    dashboard = definition(name)
    named = {entry["options"]["token"] for entry in dashboard["inputs"].values()}
    named |= set(dashboard["defaults"].get("tokens", {}).get("default", {}))
    return named | {f"{token}.{edge}" for token in named for edge in ("earliest", "latest")}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_token_is_set_somewhere(name):
    used = {match.group(1) for text in strings(definition(name)) for match in TOKEN.finditer(text)}
    assert {token for token in used if not token.startswith("row.")} <= tokens_of(name)


@pytest.mark.parametrize("name, source", SOURCES)
def test_a_token_goes_into_a_search_in_quotes_only(name, source):
    text = definition(name)["dataSources"][source]["options"]["query"]
    assert all(match.group(2) == "|s" for match in TOKEN.finditer(text))
    assert "$" not in TOKEN.sub("", text)


@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_token_goes_into_a_link_escaped_only(name):
    texts = [text for panel in definition(name)["visualizations"].values() for text in strings(panel)]
    links = [text for text in texts if "?" in text and "=" in text and "$" in text]
    links += re.findall(r"\(<([^>]*)>\)", " ".join(texts))
    assert all(match.group(2).endswith("|u") for link in links for match in TOKEN.finditer(link))
    whole = [text for text in texts if TOKEN.fullmatch(text)]
    assert set(whole) <= {"$row.link.value$"}  # its search lets https links through alone


# --- the searches ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name, source", SOURCES)
def test_a_search_reads_only_what_is_there(name, source):
    for ip in (KNOWN, WITHOUT_EVENTS):
        assert given(name, source, ip=ip).unknown == set()


@pytest.mark.parametrize("name, source", SOURCES)
def test_it_makes_no_difference_whether_an_empty_cell_is_a_text_or_nothing(name, source):
    for ip in (KNOWN, WITHOUT_EVENTS):
        assert rows(given(name, source, ip=ip)) == rows(given(name, source, blanks=False, ip=ip))


@pytest.mark.parametrize("name, panel", [(name, panel) for name, panel in PANELS if panel_of(name, panel)[1]])
def test_a_panel_shows_fields_that_its_search_gives(name, panel):
    found, source = panel_of(name, panel)
    fields = set(given(name, source, ip=KNOWN).fields)
    named = set(found["options"].get("columnFormat", {}))
    named |= set(re.findall(r'seriesByName\("(\w+)"\)', json.dumps(found["options"]).replace('\\"', '"')))
    named |= {match.split(".")[1] for match in re.findall(r"row\.\w+\.value", json.dumps(found))}
    assert named <= fields, named - fields
    contexts = set(re.findall(r"(?:matchValue|rangeValue)\((\w+)\)", json.dumps(found["options"])))
    assert contexts == set(found.get("context", {}))


@pytest.mark.parametrize("name, panel", [(name, panel) for name, panel in PANELS if panel_of(name, panel)[1]])
def test_without_events_a_figure_is_nought_and_all_else_is_empty(name, panel):
    found, source = panel_of(name, panel)
    answer = given(name, source, empty=True)
    if name == "address_dossier":
        assert answer.rows == []
    elif found["type"] == "splunk.singlevalue":
        (row,) = answer.rows
        assert list(row.values()) == [0.0]


def test_the_posture_counts_what_the_report_judges():
    (hostile,) = given("posture", "hostile").rows
    (high,) = given("posture", "high").rows
    first = given("posture", "first").rows
    assert (hostile["hostile"], high["high"]) == (3.0, 1.0)
    assert [row["address"] for row in first] == [KNOWN, "18.237.3.202", "14.103.172.201"]
    assert {row["techniques"] for row in given("posture", "techniques").rows} == {"T1078", "T1110", "T1190", "T1595"}


def test_the_dossier_judges_with_the_events_that_are_there():
    (who,) = given("address_dossier", "identity", ip=KNOWN).rows
    (priority,) = given("address_dossier", "the_priority", ip=KNOWN).rows
    (behaviour,) = given("address_dossier", "behaviours", ip=KNOWN).rows
    assert (who["judged_on"], priority["priority"]) == ("evidence and own events", "High")
    assert (behaviour["kind"], behaviour["succeeded"]) == ("brute_force", "true")
    assert sum(float(row["events"]) for row in given("address_dossier", "timeline", ip=KNOWN).rows) == 60


def test_the_dossier_judges_an_address_without_events_by_evidence_alone():
    (who,) = given("address_dossier", "identity", ip=WITHOUT_EVENTS).rows
    (verdict,) = given("address_dossier", "the_verdict", ip=WITHOUT_EVENTS).rows
    assert (who["judged_on"], verdict["verdict"]) == ("evidence alone", "benign")
    assert given("address_dossier", "behaviours", ip=WITHOUT_EVENTS).rows == []


@pytest.mark.parametrize("ip", [KNOWN, WITHOUT_EVENTS])
def test_the_steps_of_the_dossier_add_up_to_their_sum(ip):
    steps = given("address_dossier", "waterfall", ip=ip).rows
    total = sum(float(row[name]) for row in steps for name in ("raises", "lowers"))
    assert total == pytest.approx(float(steps[-1]["sum"]), abs=0.02)


@pytest.mark.parametrize("text", [f"  {KNOWN} ", KNOWN.replace(".", "[.]"), f"[{KNOWN}]"])
def test_the_dossier_reads_an_address_as_analysts_write_it(text):
    (who,) = given("address_dossier", "identity", ip=text).rows
    assert (who["address"], who["judged_on"]) == (KNOWN, "evidence and own events")


@pytest.mark.parametrize("ip", HOSTILE)
def test_a_hostile_address_finds_nothing_and_is_judged_as_none(ip):
    for row in given("address_dossier", "dossier", ip=ip).rows:
        assert (row["address"], row["basis"], row["status"]) == ("invalid", "evidence alone", "invalid")
    assert given("address_dossier", "pivots", ip=ip).rows == []


@pytest.mark.parametrize("value", HOSTILE)
def test_a_token_in_a_search_stays_one_text(value):
    assert Expression(with_tokens("$x|s$", {"x": value}).replace("\\n", " "), {}).value() == value.replace("\n", " ")


@pytest.mark.parametrize(
    "link, shown",
    [("https://a.example/x?y=1", "https://a.example/x?y=1"), ("javascript:alert(1)", ""), ("http://a.example", "")],
)
def test_a_row_of_evidence_opens_https_pages_only(link, shown):
    chain = definition("address_dossier")["dataSources"]["evidence"]["options"]["query"]
    event = {**dict.fromkeys(LOOKUP_FIELDS, ""), "source": "x", "status": "ok", "link": link, "age_days": "4"}
    (row,) = searched(f"search index=x {chain}", Search(ground(), [event])).rows
    assert (row["link"], row["age_days"]) == (shown, "4")


@pytest.mark.parametrize("ip", [KNOWN, WITHOUT_EVENTS])
def test_the_evidence_of_the_dossier_is_what_the_lookup_has(ip):
    rows_, (judged,) = (
        given("address_dossier", "evidence", ip=ip).rows,
        given("address_dossier", "by_evidence", ip=ip).rows,
    )
    looked_up = answer(ground(sid=f"{MOMENT:.0f}.1"), f"| ipthreatlookup ip={ip} mode=cached")
    assert [(row["source"], row["status"]) for row in rows_] == [(row["source"], row["status"]) for row in looked_up]
    assert {row["ti_verdict"] for row in looked_up} == {judged["verdict"]}
    assert judged["snapshot"] == looked_up[0]["ti_snapshot"]


def test_engines_are_told_one_by_one():
    chain = definition("address_dossier")["dataSources"]["engines"]["options"]["query"]
    event = {**dict.fromkeys(LOOKUP_FIELDS, ""), "engines": ["b=x=malicious", "a=suspicious"]}
    found = searched(f"search index=x {chain}", Search(ground(), [event])).rows
    assert [(row["engine"], row["category"]) for row in found] == [("b=x", "malicious"), ("a", "suspicious")]


def test_who_sent_what_to_whom_is_told_by_search():
    told = given("provider_health", "egress").rows
    assert {row["host"] for row in told} == {"www.virustotal.com", "api.abuseipdb.com"}
    assert all(row["user"] and row["sid"] and float(row["addresses"]) > 0 for row in told)
    sent = {address for line in log_lines() for address in line.get("addresses", "").split()}
    assert sum(float(row["addresses"]) for row in told) == len(sent)


def test_what_the_health_page_reads_of_the_log_is_documented():
    text = (ROOT / "docs" / "dashboards.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text for name in (*REQUEST_FIELDS, *EGRESS_FIELDS))


# --- the reading of SPL ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stage",
    ["| tstats count", "| eval a=nosuch(b)", "| eval a=(1", "| where a ~ b", "| search (a=1", "| search a IN 1"],
)
def test_what_this_reading_of_spl_does_not_know_it_refuses(stage):
    with pytest.raises(SplError):
        searched(f"| makeresults {stage}", Search(ground(), []))


def test_a_field_that_nothing_makes_is_told():
    assert searched("| makeresults | eval a=b | table a c", Search(ground(), [])).unknown == {"b", "c"}


@pytest.mark.parametrize(
    "terms, kept",
    [
        ("a=1", "1"),
        ("a=1 OR a=2", "12"),
        ("NOT a=1", "23"),
        ('a IN ("1", 3)', "13"),
        ("(a=1 OR a=2) AND b=X*", "1"),
        ("a>1", "23"),
        ("b!=xy", "2"),
        ("b=*", "12"),
        ("index=any tag=web a<=2", "12"),
        ("x", "1"),
    ],
)
def test_the_terms_of_a_search_choose_rows(terms, kept):
    events = [{"a": "1", "b": ["xy", "xz"]}, {"a": "2", "b": "zz"}, {"a": "3", "b": ""}]
    found = searched(f"search {terms}", Search(ground(), events)).rows
    assert "".join(row["a"] for row in found) == kept


def test_a_lookup_is_read_and_written_with_its_own_fields():
    lookups = {"ipthreat_told": [{"address": "20.1.2.3", "told": 5.0}]}
    text = 'makeresults | eval address="20.1.2.4", told=7, more=1 | append [| inputlookup ipthreat_told]'
    searched(f"| {text} | sort 0 num(told) | outputlookup ipthreat_told", Search(ground(), [], lookups=lookups))
    assert lookups["ipthreat_told"] == [{"address": "20.1.2.3", "told": 5.0}, {"address": "20.1.2.4", "told": 7.0}]


def test_a_macro_in_quotes_stays_a_text():
    assert expanded('search `ipthreat_log` x="`ipthreat_log`"') == (
        'search index=_internal source="*ipthreat.log*" x="`ipthreat_log`"'
    )


# --- navigation and setup -------------------------------------------------------------------------


def test_the_navigation_leads_to_every_page():
    views = {item.get("name") for item in view("../nav/default").iter("view")}
    assert views - {"search"} == {path.stem for path in VIEWS.glob("*.xml")}


def test_a_link_with_form_ip_sets_the_address_of_the_dossier():
    options = [entry["options"] for entry in definition("address_dossier")["inputs"].values()]
    assert {"token": "ip", "defaultValue": ""} in options


def test_the_setup_page_names_files_that_are_there():
    root = view("setup")
    assert (root.tag, root.get("version")) == ("form", "1.1")
    assert all((STATIC / str(root.get(kind))).is_file() for kind in ("script", "stylesheet"))


def test_the_setup_page_makes_no_html_of_texts_and_keeps_nothing_in_the_browser():
    script = (STATIC / "setup.js").read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|Storage|require\(|console\.", script
    )


def test_no_page_names_a_public_address():
    for path in (*VIEWS.glob("*.xml"), *STATIC.glob("*.js"), *STATIC.glob("*.css"), *STATIC.glob("*.html")):
        assert not re.search(r"\b\d{1,3}(\.\d{1,3}){3}\b", path.read_text(encoding="utf-8")), path.name
