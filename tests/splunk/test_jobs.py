"""Search jobs over REST: results in pages, nothing lost, keys in no message, values that cannot leave their quotes."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytest.importorskip("splunklib", reason="splunk-sdk is needed to search Splunk")

from hypothesis import given
from hypothesis import strategies as st
from splunkd import TOKEN, Splunkd, serving

from ipthreat.errors import InputError, SplunkError
from ipthreat.splunk.jobs import PAGE, Progress, Span, Splunk, SplunkAccess, filled, quoted, whole

CERTIFICATE = Path(__file__).parents[1] / "data" / "tls" / "loopback.pem"
SECRET = "s3cr" + "et"
ROWS = [{"src_ip": f"20.0.{number // 250}.{number % 250}", "n": str(number)} for number in range(1200)]


@contextmanager
def connected(splunkd: Splunkd, **options):
    with serving(splunkd) as server:
        port = urlsplit(server.url).port
        access = SplunkAccess("127.0.0.1", port, **{"token": TOKEN, "scheme": "http", **options})
        with Splunk.connected(access, pause=lambda _: None) as splunk:
            yield splunk


def test_results_come_in_pages_and_none_is_lost():
    splunkd = Splunkd(ROWS, most_at_once=500)
    with connected(splunkd) as splunk:
        rows = [row for page in splunk.search("index=web", Span("-1h", "now")) for row in page]
    assert rows == ROWS
    assert splunkd.pages == [500, 500, 200]
    assert splunkd.search["search"] == "search index=web"
    assert (splunkd.search["earliest_time"], splunkd.search["latest_time"]) == ("-1h", "now")
    assert splunkd.controls == ["cancel"], "the job is removed"


def test_no_more_than_asked_for_is_fetched():
    splunkd = Splunkd(ROWS, most_at_once=500)
    with connected(splunkd) as splunk:
        assert sum(map(len, splunk.search("index=web", most=700))) == 700


def test_progress_and_previews_are_told():
    told, shown = [], []
    with connected(Splunkd(ROWS[:3], looks=3)) as splunk:
        list(splunk.search("index=web", watch=told.append, preview=shown.append))
    assert told == [Progress(0.5, 1, 1)] * 3 + [Progress(1.0, 3, 3)]
    assert shown == [ROWS[:1]] * 3


def test_an_interrupt_ends_the_search_and_keeps_what_it_found():
    splunkd = Splunkd(ROWS[:5], looks=10**9)

    def interrupted(_seconds):
        raise KeyboardInterrupt

    with serving(splunkd) as server:
        access = SplunkAccess("127.0.0.1", urlsplit(server.url).port, TOKEN, scheme="http")
        with Splunk.connected(access, pause=interrupted) as splunk:
            assert sum(map(len, splunk.search("index=web"))) == 5
    assert splunkd.controls == ["finalize", "cancel"]


def test_multivalue_fields_stay_lists_and_absent_ones_are_none():
    rows = [{"ip": ["8.8.8.8", "9.9.9.9"]}, {"ip": "1.1.1.1", "user": "ana"}]
    with connected(Splunkd(rows)) as splunk:
        (page,) = splunk.search("index=web")
    assert page == [{"ip": ["8.8.8.8", "9.9.9.9"], "user": None}, {"ip": "1.1.1.1", "user": "ana"}]


def test_a_failed_search_says_why_and_its_job_is_removed():
    splunkd = Splunkd(ROWS)
    splunkd.failure = "Unknown search command 'serch'."
    with connected(splunkd) as splunk, pytest.raises(SplunkError, match="the search failed: Unknown search command"):
        list(splunk.search("| serch"))
    assert splunkd.controls == ["cancel"]


def test_results_that_are_not_handed_over_are_no_silence():
    splunkd = Splunkd(ROWS[:10])
    splunkd.withheld = 2
    with connected(splunkd) as splunk, pytest.raises(SplunkError, match="Splunk handed over 10 of 12 results"):
        list(splunk.search("index=web"))


@pytest.mark.parametrize("key", [{"token": "wrong"}, {"token": "", "session": "wrong"}])
def test_a_refused_key_is_one_sentence_without_the_key(key):
    with connected(Splunkd(ROWS), **key) as splunk, pytest.raises(SplunkError, match="refused the log-in") as told:
        list(splunk.search("index=web"))
    assert "wrong" not in str(told.value)


def test_a_session_key_will_do():
    with connected(Splunkd(ROWS[:1]), token="", session=TOKEN) as splunk:
        assert sum(map(len, splunk.search("index=web"))) == 1


def test_keys_are_in_no_repr():
    access = SplunkAccess("127.0.0.1", token=SECRET, session=SECRET, password=SECRET, username="ana")
    assert SECRET not in repr(access)


def test_a_certificate_that_nobody_vouches_for_is_refused_and_a_given_one_is_trusted():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    with serving(Splunkd(ROWS[:2]), context) as server:
        port = urlsplit(server.url).port
        strict = SplunkAccess("127.0.0.1", port, TOKEN)
        with Splunk.connected(strict) as splunk, pytest.raises(SplunkError, match="certificate cannot be verified"):
            list(splunk.search("index=web"))
        trusting = SplunkAccess("127.0.0.1", port, TOKEN, ca_bundle=CERTIFICATE)
        with Splunk.connected(trusting, pause=lambda _: None) as splunk:
            assert sum(map(len, splunk.search("index=web"))) == 2


def test_a_server_that_is_not_there_is_one_sentence():
    absent = Splunk.connected(SplunkAccess("127.0.0.1", 9, TOKEN))
    with absent as splunk, pytest.raises(SplunkError, match="Splunk cannot be reached"):
        list(splunk.search("index=web"))


@pytest.mark.parametrize(
    "options, words",
    [
        ({"host": "splunk.example", "scheme": "http", "token": "x"}, "only https may be used"),
        ({"host": "localhost"}, "needs a token, a session key, or a user name and password"),
        ({"host": "localhost", "username": "ana"}, "needs a token"),
    ],
)
def test_access_that_would_leak_or_lacks_a_key_is_refused(options, words):
    with pytest.raises(InputError, match=words):
        SplunkAccess(**options)


def test_a_bundle_that_there_is_not_is_refused():
    with pytest.raises(InputError, match="there is no such CA bundle"):
        SplunkAccess(token=SECRET, ca_bundle=Path("/nowhere.pem")).options()


def test_values_are_quoted_into_the_search():
    spl = filled("index=$index$ src_ip IN ($ips$)", {"index": 'web" | delete "', "ips": ["8.8.8.8", "\\"]})
    assert spl == 'index="web\\" | delete \\"" src_ip IN ("8.8.8.8", "\\\\")'
    with pytest.raises(InputError, match=r"the search has no \$user\$"):
        filled("index=web", {"user": "ana"})
    with pytest.raises(InputError, match="control characters"):
        quoted("a\nb")


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs"))))
def test_no_value_ends_its_quotes(text):
    inside = quoted(text)[1:-1]
    rest = inside.replace("\\\\", "").replace('\\"', "")
    assert '"' not in rest
    assert "\\" not in rest


def test_a_search_begins_with_a_command():
    assert whole(" index=web ") == "search index=web"
    assert whole("| tstats count") == "| tstats count"
    assert whole("SEARCH index=web") == "SEARCH index=web"
    assert PAGE == 50_000


def test_events_are_sent_one_by_one_and_apps_are_found():
    splunkd = Splunkd([])
    with connected(splunkd) as splunk:
        assert splunk.send(['{"a": 1}', "ü"], "threat", "ipthreat:report") == 2
        assert not splunk.has_app("ipthreat")
        splunkd.has_app = True
        assert splunk.has_app("ipthreat")
    assert [event["event"] for event in splunkd.events] == ['{"a": 1}', "ü"]
    assert splunkd.events[0]["index"] == "threat"
