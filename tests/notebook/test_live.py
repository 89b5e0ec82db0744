"""Live sources from a notebook: the plan first, one question per address, and a cell run again asks nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator, List

import pytest

pandas = pytest.importorskip("pandas", reason="pandas is needed for notebooks")

import ipthreat.notebook as ti  # noqa: E402 after pandas is known to be there
from ipthreat.errors import InputError  # noqa: E402 likewise
from ipthreat.notebook.ground import Ground  # noqa: E402 likewise
from ipthreat.testkit.server import Conversation, FakeServer  # noqa: E402 likewise

HOSTILE, QUIET, PRIVATE = "45.9.20.7", "81.2.69.160", "10.0.0.1"
FRAME = pandas.DataFrame({"src": [HOSTILE, QUIET, PRIVATE, HOSTILE, "rubbish"] * 20})


def _virustotal(talk: Conversation) -> None:
    address = talk.asked.path.rsplit("/", 1)[1]
    stats = {
        "malicious": 9 if address == HOSTILE else 0,
        "suspicious": 0,
        "undetected": 5,
        "harmless": 60,
        "timeout": 0,
    }
    attributes = {"last_analysis_stats": stats}
    talk.answer(200, json.dumps({"data": {"type": "ip_address", "id": address, "attributes": attributes}}).encode())


@pytest.fixture
def service() -> Iterator[FakeServer]:
    with FakeServer({"/ip_addresses/*": _virustotal}) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, service: FakeServer) -> dict[str, str]:
    """The environment of a user whose VirusTotal is on loopback."""
    conf = tmp_path / "ipthreat.conf"
    conf.write_text(f"[virustotal]\nkey = k\nbase_url = {service.url}\nquota_minute = 600\n")
    conf.chmod(0o600)
    return {"IPTHREAT_HOME": str(tmp_path)}


def asked(service: FakeServer) -> List[str]:
    return sorted(item.path.rsplit("/", 1)[1] for item in service.asked)


def test_each_global_address_is_asked_once_and_a_cell_run_again_asks_nothing(service, home) -> None:
    first = ti.enrich(FRAME, "src", fields="verdict,vt_malicious", on=Ground.of(live=True, environment=home))
    assert asked(service) == [HOSTILE, QUIET]
    assert set(first.loc[first["src"] == HOSTILE, "ti_vt_malicious"]) == {9}
    again = ti.enrich(FRAME, "src", fields="verdict,vt_malicious", on=Ground.of(live=True, environment=home))
    assert asked(service) == [HOSTILE, QUIET]
    pandas.testing.assert_frame_equal(first, again)


def test_the_plan_says_what_would_be_asked_and_asks_nothing(service, home) -> None:
    plan = FRAME.ipthreat.plan("src", on=Ground.of(live=True, environment=home))
    (call,) = plan.calls
    assert (call.source, call.kept, call.asked, call.withheld) == ("virustotal", 0, 2, 0)
    assert (plan.distinct, plan.not_global, plan.invalid) == (4, 1, 1)
    assert service.asked == ()


def test_a_budget_goes_to_so_many_addresses_and_the_rest_is_not_asked(service, home) -> None:
    told = ti.enrich(FRAME, "src", fields="sources", on=Ground.of(live=True, budget=1, environment=home))
    assert len(asked(service)) == 1
    assert any("virustotal=not_asked" in str(cell) for cell in told["ti_sources"])


def test_an_assessment_tells_how_many_requests_it_took(service, home) -> None:
    result = ti.assess(FRAME, "src", on=Ground.of(live=True, environment=home))
    assert result.case.requests == {"virustotal": 2}


def test_without_a_configured_provider_the_sentence_says_what_to_do(tmp_path) -> None:
    with pytest.raises(InputError, match="no provider is configured: `ipthreat configure` lists them"):
        Ground.of(live=True, environment={"IPTHREAT_HOME": str(tmp_path)})
