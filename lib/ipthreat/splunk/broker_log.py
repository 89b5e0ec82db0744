"""What the broker writes into ipthreat.log of each request to a provider, for dashboards and for whoever must account.

    event=request provider=virustotal status=ok seconds=0.412 left=431
    event=egress provider=virustotal host=www.virustotal.com user=ann sid=1795500000.7 addresses=20.1.2.3

The first counts and has no address. The second says who had which address sent to whom, and for which search; the
same is in the audit file, which is written before the request. Neither has a key.
"""

from __future__ import annotations

import textwrap
from typing import Dict, Iterator, Mapping

from ..sending import Exchange
from .joblog import LONGEST_VALUE
from .rest import note

_BAD = ("auth_error", "forbidden", "rate_limited", "timeout", "error")


def note_exchange(user: str, sid: str, exchange: Exchange) -> None:
    """Writes the lines of one request."""
    level = "WARN" if exchange.status.value in _BAD else "INFO"
    note(level, counted(exchange))
    for facts in accounted(user, sid, exchange):
        note("INFO", facts)


def counted(exchange: Exchange) -> Dict[str, object]:
    """How a request ended; `left` is missing where no daily limit is known."""
    facts: Dict[str, object] = {"event": "request", "provider": exchange.provider, "status": exchange.status.value}
    facts["seconds"] = f"{exchange.seconds:.3f}"
    return facts if exchange.left is None else {**facts, "left": exchange.left}


def accounted(user: str, sid: str, exchange: Exchange) -> Iterator[Mapping[str, object]]:
    """Who had what sent to whom: more than one line where the addresses of a request do not fit into a value."""
    about = {"event": "egress", "provider": exchange.provider, "host": exchange.host, "user": user, "sid": sid}
    for part in textwrap.wrap(" ".join(exchange.addresses), LONGEST_VALUE) or ["none"]:
        yield {**about, "addresses": part}
