"""The way to splunkd: what it says is an answer, what it does not say is an error of its own, with either SDK."""

from __future__ import annotations

import subprocess
import sys

import pytest
from searches import SDKS, laid
from splunkds import Splunkd as StandIn

from ipthreat.errors import FetchError, SplunkError, SplunkSilence
from ipthreat.splunk.secrets import KEYS, Secrets
from ipthreat.splunk.splunkd import Answer, Splunkd, entity, settings_stanzas
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer

ASK = (
    "import sys; sys.path[:0] = sys.argv[3:]; from ipthreat.splunk.splunkd import Splunkd;"
    " print(Splunkd(sys.argv[1], sys.argv[2]).get('server/info').status)"
)


@pytest.fixture
def splunkd():
    with StandIn() as found:
        yield found


def connection(splunkd, user="splunk-system-user"):
    return Splunkd(splunkd.url, splunkd.state.log_in(user))


def test_an_error_of_splunkd_is_none_of_a_download():
    assert not issubclass(SplunkError, FetchError)
    assert issubclass(SplunkSilence, SplunkError)


@pytest.mark.parametrize("behaviour", [behaviours.hang_up(), behaviours.nonsense()])
def test_a_question_without_an_answer_may_have_been_obeyed(behaviour):
    with FakeServer({"/*": behaviour}) as server, pytest.raises(SplunkSilence, match="gave no answer"):
        Splunkd(server.url, "x").post("messages", {"name": "x"})


def test_splunkd_that_is_not_there_has_certainly_done_nothing():
    with pytest.raises(SplunkError) as failure:
        Splunkd("http://127.0.0.1:9", "x").get("server/info")
    assert not isinstance(failure.value, SplunkSilence)


def test_a_silence_ends_with_the_patience():
    slow = behaviours.after(5, behaviours.status(200))
    with FakeServer({"/*": slow}) as server, pytest.raises(SplunkSilence):
        Splunkd(server.url, "x", patience=0.3).get("server/info")


def test_no_error_has_the_token():
    with FakeServer({"/*": behaviours.hang_up()}) as server, pytest.raises(SplunkError) as failure:
        Splunkd(server.url, "canary-token-1").get("server/info")
    assert "canary-token-1" not in str(failure.value)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:port", "http://127.0.0.1:99999"])
def test_an_address_that_is_none_is_refused(uri):
    with pytest.raises(SplunkError, match="no usable address"):
        Splunkd(uri, "x")


@pytest.mark.parametrize("body", [b"<html>", b"{", b"[" * 100_000])
def test_an_answer_that_is_no_json_is_an_error(body):
    with pytest.raises(SplunkError, match="no JSON"):
        Answer(200, body).json()


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"entry": {}}', b"null", b"7"])
def test_an_answer_without_entities_is_an_error(body):
    with pytest.raises(SplunkError, match="lists no entities"):
        Answer(200, body).entries()


def test_what_is_no_entity_among_the_entities_is_left_out():
    assert Answer(200, b'{"entry": [7, {"name": "x"}, null]}').entries() == [{"name": "x"}]


@pytest.mark.parametrize("name", ["a b", "a/b", "a%b", "ü", "provider:virustotal", "../x"])
def test_an_entity_of_any_name_can_be_made_and_read(splunkd, name):
    system = connection(splunkd)
    assert system.post("configs/conf-ipthreat", {"name": name, "budget": "7"}).ok
    assert system.get(entity("configs/conf-ipthreat", name)).entries()[0]["content"]["budget"] == "7"
    assert settings_stanzas(system)[name]["budget"] == "7"


@pytest.mark.parametrize("secret", ["plain", "a&b=c", "ü ö", "x" * 3000, "a+b%20c", '"quoted"'])
def test_a_secret_of_any_text_is_kept_replaced_and_deleted(splunkd, secret):
    kept = Secrets(connection(splunkd))
    for text in ("first", secret):
        kept.put(KEYS, "virustotal", text)
        assert kept.all()[KEYS] == {"virustotal": text}
    assert (kept.delete(KEYS, "virustotal"), kept.delete(KEYS, "virustotal")) == (True, False)
    assert kept.all()[KEYS] == {}


def test_secrets_of_other_apps_are_not_looked_at(splunkd):
    splunkd.state.passwords["another_app", "virustotal"] = "not-ours"
    assert "not-ours" not in str(Secrets(connection(splunkd)).all())


@pytest.mark.parametrize("user", ["analyst", "visitor"])
def test_who_may_not_read_secrets_is_told_by_status_alone(splunkd, user):
    with pytest.raises(SplunkError, match="splunkd answers 403"):
        Secrets(connection(splunkd, user)).all()


def test_settings_that_cannot_be_read_are_an_error_and_no_default(splunkd):
    with pytest.raises(SplunkError, match=r"answers 401 when asked for ipthreat\.conf"):
        settings_stanzas(Splunkd(splunkd.url, "expired"))


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("installed", [False, True])
def test_the_sdk_works_as_part_of_an_app_and_as_an_installed_package(tmp_path, splunkd, sdk, installed):
    path = [str(laid(sdk) / "lib")]
    if installed:
        folder = tmp_path / f"splunk_sdk-{sdk}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: splunk-sdk\nVersion: {sdk}\n")
        path.append(str(tmp_path))
    command = [sys.executable, "-E", "-s", "-S", "-B", "-c", ASK, splunkd.url, splunkd.state.log_in("admin"), *path]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd="/")
    assert (done.stdout, done.stderr) == ("200\n", "")
    agent = splunkd.asked[-1].header("User-Agent")
    named = {("3.0.1", False): "vendored", ("3.0.1", True): "3.0.1"}.get((sdk, installed), "2.1.1")
    assert agent == f"splunk-sdk-python/{named}"
