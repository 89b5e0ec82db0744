"""The caps of searches and users, exact among all copies of the handler."""

from __future__ import annotations

import threading

import pytest
import splunkds  # noqa: F401  # puts the SDK on the path

from ipthreat.splunk.broker_caps import FILE, Caps

DAY = 86_400


class Hand:
    """A clock that is set by hand."""

    def __init__(self):
        self.moment = 1_795_000_000.0

    def wall(self):
        """Seconds since 1970."""
        return self.moment


@pytest.fixture
def clock():
    return Hand()


@pytest.fixture
def caps(tmp_path, clock):
    found = Caps(tmp_path / FILE, 10, 6, clock=clock, tell=lambda text: None)
    yield found
    found.close()


def test_a_search_has_its_cap_and_a_user_his_own(caps):
    assert [caps.take("ann", "1.1", 4), caps.take("ann", "1.1", 4), caps.take("ann", "1.1", 4)] == [4, 2, 0]
    assert [caps.take("ann", "1.2", 9), caps.take("bob", "1.1", 9)] == [4, 6]


def test_what_was_not_asked_is_given_back(caps):
    caps.take("ann", "1.1", 6)
    caps.give_back("ann", "1.1", 5)
    assert caps.take("ann", "1.1", 9) == 5


def test_more_given_back_than_taken_is_no_credit(caps):
    caps.give_back("ann", "1.1", 50)
    assert caps.take("ann", "1.1", 99) == 6


def test_a_new_day_begins_at_midnight_utc_for_users_and_not_for_a_search(caps, clock):
    caps.take("ann", "1.1", 6)
    clock.moment += DAY
    assert caps.take("ann", "1.1", 6) == 0
    assert caps.take("ann", "1.2", 6) == 6


def test_another_users_search_of_the_same_number_is_another(caps):
    caps.take("ann", "1.1", 6)
    assert caps.take("eve", "1.1", 6) == 6


def test_copies_together_grant_no_more_than_one_would(tmp_path):
    granted = []

    def ask():
        own = Caps(tmp_path / FILE, 50, 1000, tell=lambda text: None)
        granted.extend(own.take("ann", "1.1", 3) for _ in range(10))
        own.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == 50


def test_what_cannot_be_counted_is_not_granted(tmp_path):
    said = []
    (tmp_path / "file").write_text("")
    caps = Caps(tmp_path / "file" / FILE, 10, 10, tell=said.append)
    assert caps.take("ann", "1.1", 5) == 0
    assert "nothing new is asked, since it cannot be counted" in said[0]
