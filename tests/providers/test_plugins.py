"""A third party's provider appears when its wheel is installed; a broken one is one line and never a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from answers import ADDRESS, NOW, SETTINGS, answer
from wheels import install, write_wheel

import ipthreat
from ipthreat.dossier import Detection, Evidence, SourceKind, Status, Verdict
from ipthreat.errors import FetchError
from ipthreat.exchange import Request, Response
from ipthreat.providers.plugins import Contained, ThirdParty
from ipthreat.providers.service import Service
from ipthreat.testkit.providers import ANOTHER, FAULTS, breaches

SOURCE = """
from ipthreat.dossier import Status, Verdict
from ipthreat.exchange import Request
from ipthreat.providers.service import Service


class Acme(Service):
    name = "acme"
    title = "Acme Intelligence"
    home = "https://api.acme.example"

    def question(self, addresses, settings):
        return Request(self.place(settings, f"/ip/{addresses[0]}"), headers={"X-Key": settings.key})

    def parse(self, address, body, retrieved_at):
        if not isinstance(body, dict) or body.get("ip") != address:
            return self.without(address, Status.ERROR, "no answer about the address")
        bad = body.get("rating") == "bad"
        return self.stated(address, retrieved_at, verdict=Verdict.MALICIOUS if bad else Verdict.UNKNOWN)


class Impostor(Acme):
    name = "virustotal"


class Mute:
    name = "mute"


class Broken(Acme):
    name = "broken"

    def __init__(self):
        raise RuntimeError("no licence")
"""
POINTS = {
    "acme": "acme_intel:Acme",
    "broken": "acme_intel:Broken",
    "gone": "acme_intel_that_is_not_there:Provider",
    "mute": "acme_intel:Mute",
    "other": "acme_intel:Acme",
    "ipsum": "acme_intel:Acme",
    "virustotal": "acme_intel:Impostor",
}
PROGRAM = """
import json, sys
from ipthreat.providers import LIVE, with_third_parties
before = [name for name in sys.modules if name in ("importlib.metadata", "acme_intel")]
lines = []
found = with_third_parties(lines.append)
answers = found["acme"].parse("198.51.100.7", {"ip": "198.51.100.7", "rating": "bad"}, None)
recorded = {"provider": "acme", "addresses": ["198.51.100.7"], "retrieved": "2026-11-24T12:00:00Z", "http": 200,
            "headers": {}, "body": {"ip": "198.51.100.7", "rating": "bad"}}
from ipthreat.recorded import evidence_from
replayed = evidence_from({"format": "ipthreat-evidence/1", "answers": [recorded]}, "a file")["198.51.100.7"]
print(json.dumps({"before": before, "names": sorted(set(found) - set(LIVE)), "lines": lines,
                  "same": found["virustotal"] is LIVE["virustotal"], "verdict": answers.verdict.value,
                  "replayed": [item.verdict.value for item in replayed]}))
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a process sees in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("acme")
    wheel = write_wheel(folder, "acme_intel", {"acme_intel.py": SOURCE}, {"ipthreat.providers": POINTS})
    install(wheel, folder / "site")
    path = os.pathsep.join([str(folder / "site"), str(Path(ipthreat.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_a_provider_in_an_installed_wheel_appears_and_answers(seen):
    assert seen["names"] == ["acme"]
    assert seen["verdict"] == "malicious"


def test_a_recording_of_its_answer_is_replayed(seen):
    assert seen["replayed"] == ["malicious"]


def test_nothing_of_it_is_loaded_before_somebody_asks(seen):
    assert "acme_intel" not in seen["before"]


def test_it_cannot_take_the_place_of_a_built_in_one(seen):
    assert seen["same"]
    assert "provider 'virustotal' of another distribution is left out: its name is taken" in seen["lines"]
    assert "provider 'ipsum' of another distribution is left out: its name is taken" in seen["lines"]


def test_each_one_that_is_broken_is_one_line(seen):
    told = {line.split("'")[1]: line.rpartition(": ")[2] for line in seen["lines"]}
    assert told == {
        "broken": "it cannot be loaded (RuntimeError)",
        "gone": "it cannot be loaded (ModuleNotFoundError)",
        "ipsum": "its name is taken",
        "mute": "it has no title",
        "other": "its name is not that of its entry point",
        "virustotal": "its name is taken",
    }
    assert len(seen["lines"]) == len(told)


# --- the code of others, contained ----------------------------------------------------------------------------------


class Wild(Service):
    """A provider whose code raises what `raised` says, or gives what `given` says."""

    name = "wild"
    title = "Wild"
    home = "https://wild.example"

    def __init__(self, raised=None, given=None):
        self.raised, self.given = raised, given

    def _act(self):
        if self.raised:
            raise self.raised
        return self.given

    def link(self, address):
        return self._act()

    def supports(self, address):
        return self._act()

    def at_once(self, settings):
        return self._act()

    def question(self, addresses, settings):
        return self._act()

    def parse(self, address, body, retrieved_at):
        return self._act()

    def answers(self, addresses, response, retrieved_at):
        return self._act()

    def rate(self, response):
        return self._act()


class Sane(Service):
    """A provider as it should be."""

    name = "sane"
    title = "Sane"
    home = "https://sane.example"

    def question(self, addresses, settings):
        return Request(self.place(settings, "/"), headers={"X-Key": settings.key}, params={"ip": addresses[0]})

    def parse(self, address, body, retrieved_at):
        if not isinstance(body, dict) or body.get("ip") != address:
            return self.without(address, Status.ERROR, "no answer about the address")
        return self.stated(
            address, retrieved_at, verdict=Verdict.MALICIOUS if body.get("bad") is True else Verdict.UNKNOWN
        )


class Odd(Exception):  # noqa: N818  # others name theirs as they like
    """An exception of others."""


WILD = [
    *(Wild(raised=error) for error in (ValueError("x"), Odd("canary"), RecursionError(), KeyError("x"), SystemError())),
    *(Wild(given=value) for value in (None, 5, "x", [], {}, {ADDRESS: "malicious"}, object())),
]


@pytest.mark.parametrize("inner", WILD, ids=lambda inner: repr(inner.raised or inner.given)[:20])
def test_whatever_the_code_of_others_does_the_contract_is_kept(inner):
    provider = ThirdParty(inner)
    for item in (provider.parse(ADDRESS, {}, NOW), *provider.answers([ADDRESS, ANOTHER], answer({}), NOW).values()):
        assert (item.status, item.verdict, item.source) == (Status.ERROR, Verdict.UNKNOWN, "wild")
        assert "canary" not in repr(item)
    assert list(provider.answers([ADDRESS, ANOTHER], answer({}), NOW)) == [ADDRESS, ANOTHER]
    assert isinstance(provider.link(ADDRESS), str)
    assert isinstance(provider.supports(ADDRESS), bool)
    assert provider.at_once(SETTINGS) == 1
    assert provider.rate(Response(200)) == {}
    with pytest.raises(FetchError, match=r"^provider wild: it could not make its question$"):
        provider.question([ADDRESS], SETTINGS)


@pytest.mark.parametrize(
    "item",
    [
        Evidence("virustotal", SourceKind.PROVIDER, Status.OK, verdict=Verdict.BENIGN),
        Evidence("wild", SourceKind.WARNING_LIST, Status.OK),
        Evidence("wild", SourceKind.PROVIDER, Status.ERROR, verdict=Verdict.MALICIOUS),
    ],
)
def test_evidence_in_the_name_of_others_or_a_verdict_without_an_answer_is_refused(item):
    found = ThirdParty(Wild(given={ADDRESS: item})).answers([ADDRESS], answer({}), NOW)[ADDRESS]
    assert (found.source, found.kind, found.status) == ("wild", SourceKind.PROVIDER, Status.ERROR)


GOOD = Evidence("wild", SourceKind.PROVIDER, Status.OK, verdict=Verdict.MALICIOUS, retrieved_at=NOW, counts={"a": 1})
UNSOUND = [
    *[{name: datetime(2026, 1, 1)} for name in ("observed_at", "retrieved_at", "first_seen", "last_seen")],
    *[{"last_seen": value} for value in ("2026-01-01", 5, datetime.max.replace(tzinfo=timezone.utc))],
    *[
        {name: value}
        for name in ("labels", "flags", "related")
        for value in (None, {"x"}, ["x"], (5,), "x", ("x",) * 5000)
    ],
    *[{"score": value} for value in ("high", 10**30, -1, 5.0, True, float("nan"))],
    *[{"asn": value} for value in ("AS1", 0, 2**32, True)],
    *[{"counts": value} for value in (5, None, [("a", 1)], {"a": "1"}, {"a": 10**400}, {5: 1}, {"a": float("inf")})],
    *[{name: 5} for name in ("as_owner", "organisation", "network", "country", "rir", "link", "reason", "native")],
    *[{"as_owner": value} for value in (None, "x" * 10_000, "\ud800")],
    *[{"detections": value} for value in (None, [], (5,), (Detection("a", 5),), (Detection(None, "malicious"),))],
    *[{name: "ok"} for name in ("status", "verdict")],
]


@pytest.mark.parametrize("wrong", UNSOUND, ids=lambda wrong: repr(wrong)[:40])
def test_evidence_with_anything_in_a_field_that_does_not_belong_there_is_an_error(wrong):
    assert ThirdParty(Wild(given={ADDRESS: GOOD})).answers([ADDRESS], answer({}), NOW)[ADDRESS] == GOOD
    found = ThirdParty(Wild(given={ADDRESS: replace(GOOD, **wrong)})).answers([ADDRESS], answer({}), NOW)[ADDRESS]
    assert (found.status, found.verdict, found.reason) == (Status.ERROR, Verdict.UNKNOWN, "the provider's code failed")


def test_what_it_reads_of_a_quota_is_bounded():
    class Boundless(Sane):
        def rate(self, response):
            return {
                "limit_day": 10**400,
                "remaining_day": -1,
                "limit_hour": 1.5,
                "reset": "soon",
                "remaining_minute": 7,
            }

    assert ThirdParty(Boundless()).rate(Response(200)) == {"remaining_minute": 7}


def test_an_exit_in_its_code_ends_nothing():
    assert ThirdParty(Wild(raised=SystemExit(1))).parse(ADDRESS, {}, NOW).status is Status.ERROR


def test_a_good_provider_is_the_same_inside_and_outside():
    inside, outside = Sane(), ThirdParty(Sane())
    body = {"ip": ADDRESS, "bad": True}
    assert outside.parse(ADDRESS, body, NOW) == inside.parse(ADDRESS, body, NOW)
    assert outside.question([ADDRESS], SETTINGS) == inside.question([ADDRESS], SETTINGS)
    assert breaches(outside, ADDRESS, body) == breaches(inside, ADDRESS, body) == ()
    for fault in FAULTS:
        assert outside.answers([ADDRESS], fault.response, NOW) == inside.answers([ADDRESS], fault.response, NOW)


class _Charging:
    def cost(self, addresses):
        return addresses / (addresses - 3) if addresses != 5 else "5"


@pytest.mark.parametrize(
    "inner, addresses, cost", [(_Charging, 5, 5), (_Charging, 3, 1), (_Charging, 1, 1), (object, 9, 1)]
)
def test_what_a_request_costs_is_its_word_or_one(inner, addresses, cost):
    class _Vendor(inner):
        name, title, needs, quota, batch, concurrency, tlp = "acme", "Acme", (), {}, 9, 1, "TLP:GREEN"

    assert ThirdParty(_Vendor()).cost(addresses) == cost


def test_only_exceptions_are_contained_and_not_an_interruption():
    with Contained() as block:
        raise Odd
    assert isinstance(block.error, Odd)
    with Contained() as quiet:
        pass
    assert quiet.error is None
    with pytest.raises(KeyboardInterrupt), Contained():
        raise KeyboardInterrupt
