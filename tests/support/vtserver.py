"""VirusTotal without a server: the object of an address, what is tied to it, and the account's quota."""

from __future__ import annotations

import json
from typing import Any, Callable, Dict
from urllib.parse import unquote

from answers import answer, load

from ipthreat.exchange import Request, Response
from ipthreat.testkit.vendors import virustotal_object


def virustotal(**instead: Any) -> Callable[[Request], Response]:
    """Answers as VirusTotal does. `instead`: other answers, by the last part of the URL, such as `resolutions`."""

    def _answer(request: Request) -> Response:
        place = request.url.rpartition("/")[2]
        if place in instead:
            found: Response = instead[place]
            return found
        if place == "overall_quotas":
            return answer(load("virustotal", "quotas"))
        if place in ("resolutions", "communicating_files"):
            return answer(load("virustotal", place))
        return Response(200, {}, json.dumps(virustotal_object(unquote(place))).encode())

    return _answer


def asked(requests: Any) -> Dict[str, int]:
    """The last part of each URL, with how often it was asked for."""
    found: Dict[str, int] = {}
    for request in requests:
        place = request.url.rpartition("/")[2]
        found[place] = found.get(place, 0) + 1
    return found
