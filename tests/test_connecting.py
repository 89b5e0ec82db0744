"""From settings to a run: what is incomplete is refused at once, and each provider gets what is its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from runs import KEY, answering, settings_for

from ipthreat.connecting import Wish, account_of, egress_of, live_sources, open_live, over_requests
from ipthreat.errors import FetchError, InputError
from ipthreat.exchange import MockTransport, Request
from ipthreat.settings import LiveSettings, ProviderSettings
from ipthreat.testkit import behaviours
from ipthreat.testkit.server import FakeServer
from ipthreat.testkit.vendors import FakeVendor

VENDORS = {"vendor": FakeVendor()}


def connected(settings: LiveSettings, vendors=None):
    return live_sources(settings, vendors or VENDORS, lambda own, connections: MockTransport(answering()))


def test_a_provider_that_does_not_exist_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match="'vendr' is no provider that can be asked; there are: vendor"):
        connected(settings_for("vendr"))


def test_a_provider_without_its_key_is_refused_with_the_remedy():
    with pytest.raises(InputError, match="vendor needs key: `ipthreat configure vendor`"):
        connected(LiveSettings({"vendor": ProviderSettings()}))


def test_a_need_may_be_met_by_an_extra_setting():
    needy = {"vendor": FakeVendor(needs=("key", "base_url", "secret"))}
    own = ProviderSettings(key=KEY, base_url="https://misp.example", extra={"secret": "more"})
    assert len(connected(LiveSettings({"vendor": own}), needy)) == 1
    with pytest.raises(InputError, match="vendor needs base_url and secret"):
        connected(LiveSettings({"vendor": ProviderSettings(key=KEY)}), needy)


def test_a_provider_that_is_switched_off_needs_nothing():
    assert connected(LiveSettings({"vendor": ProviderSettings(enabled=False)})) == []


def test_the_user_s_concurrency_goes_before_the_provider_s():
    (polite,), (own,) = (connected(settings_for("vendor", own=more)) for more in ({}, {"concurrency": 3}))
    assert (polite.concurrency, own.concurrency) == (8, 3)


def test_an_account_has_the_documented_limits_and_the_user_s_before_them():
    vendor = FakeVendor(quota={"minute": 4, "day": 500})
    own = ProviderSettings(key=KEY, quota={"day": 20_000})
    account = account_of(vendor, own, LiveSettings(members=3, reserve=0.2))
    assert account.limits == {"minute": 4, "day": 20_000}
    assert (account.settled, account.members, account.reserve) == (frozenset({"day"}), 3, 0.2)
    assert account_of(vendor, own, LiveSettings(reserve=0.2), alert=True).reserve == 0.0
    assert KEY not in repr(account)


def test_the_rules_of_egress_are_the_provider_s_or_the_user_s():
    plain = settings_for("vendor", tlp="TLP:AMBER")
    settings = settings_for("vendor", own={"tlp": "TLP:AMBER", "no_send": ("203.0.113.0/24",)}, tlp="TLP:AMBER")
    egress = egress_of(settings, connected(settings))
    assert egress.closed("vendor") == ""
    assert egress_of(plain, connected(plain)).closed("vendor")
    assert [str(item) for item in egress.no_send["vendor"]] == ["203.0.113.0/24"]


def test_the_way_to_a_provider_is_encrypted_or_not_taken():
    transport = over_requests(LiveSettings())(ProviderSettings(), 2)
    with pytest.raises(FetchError, match="only https may be used"):
        transport.send(Request("http://misp.internal/"))
    allowed = over_requests(LiveSettings(plain_hosts=frozenset({"misp.invalid"})))(ProviderSettings(timeout=1), 2)
    assert "only https" not in str(allowed.attempt(Request("http://misp.invalid/"), 1.0).failure)


def test_a_redirect_of_a_look_up_is_a_request_nobody_granted_and_is_not_followed():
    with FakeServer({"/": behaviours.redirect("/next"), "/next": behaviours.data(b"{}")}) as server:
        transport = over_requests(LiveSettings())(ProviderSettings(timeout=5), 1)
        outcome = transport.attempt(Request(f"{server.url}/"), 5.0)
        transport.close()
        assert "it redirects to" in str(outcome.failure)
        assert [asked.path for asked in server.asked] == ["/"]


def test_without_a_word_of_which_the_shipped_providers_can_be_asked(tmp_path: Path):
    assert open_live(settings_for("virustotal"), tmp_path, Wish(), print).requests == {"virustotal": 0}


def test_opening_a_run_touches_neither_disk_nor_network(tmp_path: Path):
    live = open_live(settings_for("vendor"), tmp_path / "folder", Wish(), print, providers=VENDORS)
    assert live.requests == {"vendor": 0}
    assert list(tmp_path.iterdir()) == []
