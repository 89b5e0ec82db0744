"""A provider as the user has configured it: what one request to it may carry and costs, and what is asked together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Collection, Dict, List, Sequence, Tuple

from .address import network
from .exchange import Transport
from .providers.base import LiveProvider
from .providers.further import Surveyed
from .quota import Account
from .quota.account import CALENDAR, MOST
from .settings import ProviderSettings
from .special import Network

Batch = Tuple[str, ...]


@dataclass(frozen=True)
class LiveSource:
    """A provider as the user has configured it, with the way to it."""

    provider: LiveProvider
    settings: ProviderSettings
    account: Account
    transport: Transport

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name

    @property
    def at_once(self) -> int:
        """Addresses one request may carry, and may cost: no more than a whole day's or month's share."""
        most = max(1, self.provider.at_once(self.settings))
        limits = self.account.limits
        room = min((self.account.share(limits[period]) for period in CALENDAR if period in limits), default=MOST)
        return self.within(max(1, room), most) or 1

    def cost(self, addresses: int) -> int:
        """How many requests of the day and the month one about so many addresses counts for."""
        return max(1, self.provider.cost(addresses))

    def within(self, room: int, most: int) -> int:
        """The largest number of addresses, up to `most`, that costs no more than `room`; 0 where even one does."""
        return next((size for size in range(most, 0, -1) if self.cost(size) <= room), 0)

    @property
    def concurrency(self) -> int:
        """Requests under way at a time."""
        return max(1, self.settings.concurrency or self.provider.concurrency)

    @property
    def survey_account(self) -> Account:
        """Pays for questions about whole networks, where the vendor counts those by themselves."""
        quota = self.provider.survey_quota if isinstance(self.provider, Surveyed) else {}
        return replace(self.account, name=f"{self.account.name}.network", limits=quota, settled=frozenset())

    def batches(self, addresses: Sequence[str], never_sent: Collection[str] = ()) -> List[Batch]:
        """What is asked together, most pressing first. One of more than `at_once` is to be surveyed as a network.

        No network is surveyed that holds an address which may not be sent: the question would name it as well.
        """
        grouped = self._surveys(addresses, never_sent)
        if grouped:
            return list(dict.fromkeys(grouped.get(address, (address,)) for address in addresses))
        size = self.at_once
        return [tuple(addresses[start : start + size]) for start in range(0, len(addresses), size)]

    def _surveys(self, addresses: Sequence[str], never_sent: Collection[str]) -> Dict[str, Batch]:
        """Address → those that are surveyed with it."""
        if not isinstance(self.provider, Surveyed) or self.at_once > 1:
            return {}
        barred = [network(text) for text in (*self.settings.no_send, *never_sent)]
        surveys = self.provider.surveys(addresses).items()
        open_ones = (tuple(batch) for prefix, batch in surveys if not _overlaps(network(prefix), barred))
        return {address: batch for batch in open_ones for address in batch}


def _overlaps(one: Network, others: Sequence[Network]) -> bool:
    same = (other for other in others if other.version == one.version)
    return any(int(one[0]) <= int(other[-1]) and int(other[0]) <= int(one[-1]) for other in same)
