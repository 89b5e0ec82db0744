"""Answers that hold for a whole network, by network: who has one need not ask about its other addresses."""

from __future__ import annotations

import ipaddress
from typing import Dict, Iterable, Optional, Tuple

from .dossier import Evidence, Status
from .special import Address

_LENGTHS = {4: range(32, 7, -1), 6: range(128, 15, -1)}  # longest first; nobody answers for less


class Holding:
    """What was answered so far, of one provider. The longest network that holds an address speaks for it."""

    def __init__(self) -> None:
        self._found: Dict[Tuple[int, int, int], Evidence] = {}

    def add(self, answers: Iterable[Evidence]) -> None:
        """Takes in those that name the network they hold for."""
        for item in answers:
            if item.status is Status.OK and item.network:
                network = ipaddress.ip_network(item.network)
                self._found[_key(network.network_address, network.prefixlen)] = item

    def covering(self, address: str) -> Optional[Evidence]:
        """The answer that holds for the address; None where none does."""
        wanted = ipaddress.ip_address(address)
        keys = (_key(wanted, length) for length in _LENGTHS[wanted.version])
        return next((self._found[key] for key in keys if key in self._found), None)


def _key(address: Address, length: int) -> Tuple[int, int, int]:
    """IP version, prefix length, and the bits of the prefix as a number."""
    return address.version, length, int(address) >> (address.max_prefixlen - length)
