"""The app's REST handlers: one function per method, all listed in ROUTES.

| path | method | capability | |
|---|---|---|---|
| ipthreat/evidence | POST | ipthreat_lookup | what sources say of addresses |
| ipthreat/assess | POST | ipthreat_lookup | addresses, judged |
| ipthreat/deliver | POST | ipthreat_lookup | a report, to an index, a case or a named destination |
| ipthreat/status | GET | ipthreat_lookup | what is configured, spent and held |
| ipthreat/settings | GET, POST | ipthreat_admin | settings, without any secret |
| ipthreat/test | POST | ipthreat_admin | one question to one provider |
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, Union

from ..rest import LARGEST_REQUEST, Call, Reply, Rest, Route, data_folder
from . import assess, configuring, delivering, evidence, standing, testing
from .ground import Ground

LOOKUP, ADMIN = "ipthreat_lookup", "ipthreat_admin"


class Method(NamedTuple):
    """What a method demands, what answers it, and how long its request may be."""

    capability: str
    function: Callable[[Ground, Call], Reply]
    largest: int = LARGEST_REQUEST


ROUTES: Mapping[Tuple[str, str], Method] = {
    ("ipthreat/evidence", "POST"): Method(LOOKUP, evidence.ask),
    ("ipthreat/assess", "POST"): Method(LOOKUP, assess.judge),
    ("ipthreat/deliver", "POST"): Method(LOOKUP, delivering.deliver, delivering.LARGEST),
    ("ipthreat/status", "GET"): Method(LOOKUP, standing.status),
    ("ipthreat/settings", "GET"): Method(ADMIN, configuring.show),
    ("ipthreat/settings", "POST"): Method(ADMIN, configuring.change),
    ("ipthreat/test", "POST"): Method(ADMIN, testing.ask),
}


def rest(ground: Ground) -> Rest:
    """All handlers on one ground."""
    return Rest(
        {place: Route(kind, partial(function, ground), most) for place, (kind, function, most) in ROUTES.items()}
    )


_REST: Optional[Rest] = None


def handle(request: Union[str, bytes]) -> Mapping[str, Any]:
    """Answers a request of splunkd; the ground is made with the first and kept while the process lives."""
    global _REST  # splunkd makes an object per request and keeps the process
    if _REST is None:
        _REST = rest(Ground(data_folder(os.environ)))
    found: Dict[str, Any] = _REST.handle(request)
    return found
