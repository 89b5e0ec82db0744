"""Settings of live look-ups: refused early where they cannot be obeyed, silent about secrets."""

from __future__ import annotations

import pytest
from runs import KEY

from ipthreat.errors import InputError
from ipthreat.settings import LiveSettings, ProviderSettings


def test_no_secret_shows_in_a_repr():
    own = ProviderSettings(key=KEY, extra={"secret": KEY})
    settings = LiveSettings({"vendor": own}, proxy=f"http://user:{KEY}@proxy.example:3128")
    assert KEY not in repr(settings) + str(settings) + f"{own}"


def test_all_secrets_are_known_to_be_some():
    assert ProviderSettings(key="one", extra={"a": "two", "b": ""}).secrets == ("one", "two")


@pytest.mark.parametrize(
    "values, words",
    [
        ({"tlp": "TLP:WHITE"}, "is no TLP 2.0 label"),
        ({"no_send": ("nonsense",)}, "nonsense"),
        ({"quota": {"week": 5}}, "per second, minute, hour, day, month"),
        ({"quota": {"day": 0}}, "a quota is a number"),
        ({"timeout": 0}, "timeout must be"),
        ({"concurrency": 65}, "concurrency 0–64"),
    ],
)
def test_what_a_provider_could_not_obey_is_refused_in_one_sentence(values: dict, words: str):
    with pytest.raises(InputError, match=words):
        ProviderSettings(**values)


@pytest.mark.parametrize(
    "values, words",
    [
        ({"tlp": "secret"}, "is no TLP 2.0 label"),
        ({"budget": -1}, "budget must be"),
        ({"timeout": 0}, "timeout between"),
        ({"members": 0}, "members must be"),
        ({"reserve": 1.0}, "reserve from 0"),
    ],
)
def test_what_a_run_could_not_obey_is_refused_in_one_sentence(values: dict, words: str):
    with pytest.raises(InputError, match=words):
        LiveSettings(**values)


def test_the_name_of_a_plan_is_an_ordinary_word_and_no_secret():
    own = ProviderSettings(key="the-key", extra={"plan": "community", "user": "analyst", "other": "x"})
    assert own.secrets == ("the-key", "analyst", "x")
