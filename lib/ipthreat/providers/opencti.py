"""OpenCTI: observables and indicators of a user's own platform (https://docs.opencti.io/latest/reference/api/).

One GraphQL request asks about many addresses, with the filters of version 5.12 and later. Errors come with HTTP 200.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..dossier import Evidence, Status, Verdict
from ..exchange import Request
from . import base
from .base import Failure, Settings
from .service import Service, escaped

ANSWER_LIMIT = 500
"""Most observables in one answer."""
MALICIOUS_AT, SUSPICIOUS_AT = 75, 40
"""Scores from which an address counts as such."""

QUERY = """query ($values: [Any!]!, $first: Int!) {
  stixCyberObservables(first: $first, filters: {mode: and, filterGroups: [],
    filters: [{key: "value", values: $values, operator: eq, mode: or}]}) {
    edges { node { id entity_type observable_value x_opencti_score created_at
      indicators { edges { node { id x_opencti_score revoked valid_from valid_until } } } } }
    pageInfo { hasNextPage }
  }
}"""
_STATUS_OF_CODE: Mapping[str, Failure] = {
    "AUTH_REQUIRED": base.REFUSED,
    "UNAUTHENTICATED": base.REFUSED,
    "FORBIDDEN_ACCESS": base.STATUS_OF_HTTP[403],
}


class OpenCti(Service):
    """Asks and reads an OpenCTI platform. Revoked and expired indicators say nothing."""

    name = "opencti"
    title = "OpenCTI"
    needs: Tuple[str, ...] = ("key", "base_url")
    batch = 100
    concurrency = 2
    tlp = "TLP:AMBER+STRICT"  # the user's own platform
    statuses: Mapping[int, Failure] = {404: base.NO_SUCH_PLACE}

    def page(self, address: str, settings: Settings) -> str:
        """The platform's search for the address."""
        return self.place(settings, f"/dashboard/search/knowledge/{escaped(address)}")

    def question(self, addresses: Sequence[str], settings: Settings) -> Request:
        """`POST /graphql`."""
        query = {"query": QUERY, "variables": {"values": list(addresses), "first": ANSWER_LIMIT}}
        headers = {"Authorization": f"Bearer {settings.key}", "Content-Type": "application/json"}
        return Request(self.place(settings, "/graphql"), "POST", headers, body=json.dumps(query).encode())

    def read(self, addresses: Sequence[str], body: Any, retrieved_at: Optional[datetime]) -> Mapping[str, Evidence]:
        """The observables of all addresses. Where the answer has a next page, what is missing may be there."""
        failure, nodes, more = _opened(body)
        if failure is not None:
            return {address: self.without(address, *failure, retrieved_at) for address in addresses}
        found: Dict[str, List[Mapping[str, Any]]] = {address: [] for address in addresses}
        for node in nodes:
            found.get(base.address(node.get("observable_value")), []).append(node)
        return {
            address: self.without(address, Status.ERROR, f"the answer was cut off at {ANSWER_LIMIT} observables")
            if more and not known
            else self._known(address, known, retrieved_at)
            for address, known in found.items()
        }

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from the answer to QUERY."""
        return self.read([address], body, retrieved_at)[address]

    def _known(self, address: str, nodes: Sequence[Mapping[str, Any]], retrieved_at: Optional[datetime]) -> Evidence:
        if not nodes:
            return self.unknown(address, retrieved_at)
        if not all(isinstance(base.mapping(node.get("indicators")).get("edges"), list) for node in nodes):
            return self.without(address, Status.ERROR, "the answer does not tell the indicators of the address")
        indicators = [item for node in nodes for item in _nodes(node["indicators"])]
        speaking = [item for item in indicators if _valid(item, retrieved_at)] if indicators else nodes
        scores = [base.number(item.get("x_opencti_score"), high=100) for item in speaking]
        score = max((value for value in scores if value is not None), default=None)
        created = [base.when(node.get("created_at")) for node in nodes]
        return self.stated(
            address,
            retrieved_at,
            verdict=_verdict(score),
            score=score,
            native="" if score is None else str(score),
            scale="OpenCTI score",
            counts={"observables": len(nodes), "indicators": len(indicators), "valid_indicators": len(speaking)},
            # What is valid now is held to be so now, whenever it was written down.
            observed_at=None if indicators and speaking else base.latest(created),
            first_seen=base.earliest(created),
        )


def _opened(body: Any) -> Tuple[Optional[Failure], List[Mapping[str, Any]], bool]:
    """What went wrong, the observables, and whether there are more of them."""
    answer = base.mapping(body)
    if "errors" in answer:
        errors = [base.mapping(error) for error in base.listed(answer["errors"])]
        codes = [base.text(base.mapping(item.get("extensions")).get("code", item.get("name"))) for item in errors]
        known = (_STATUS_OF_CODE[code] for code in codes if code in _STATUS_OF_CODE)
        return next(known, Failure(Status.ERROR, "the platform refused the query")), [], False
    found = base.mapping(base.mapping(answer.get("data")).get("stixCyberObservables"))
    if not isinstance(found.get("edges"), list):
        return Failure(Status.ERROR, "the answer holds no list of observables"), [], False
    return None, _nodes(found), base.mapping(found.get("pageInfo")).get("hasNextPage") is not False


def _nodes(connection: Any) -> List[Mapping[str, Any]]:
    """The nodes of a GraphQL connection."""
    return [base.mapping(base.mapping(edge).get("node")) for edge in base.listed(base.mapping(connection).get("edges"))]


def _valid(indicator: Mapping[str, Any], moment: Optional[datetime]) -> bool:
    """Neither revoked nor expired at the time of the answer; one whose end cannot be read is not relied on."""
    end = indicator.get("valid_until", "")
    until = base.when(end)
    readable = end is None or until is not None
    return indicator.get("revoked") is False and readable and not (until and moment and until < moment)


def _verdict(score: Optional[int]) -> Verdict:
    if score is None or score < SUSPICIOUS_AT:
        return Verdict.UNKNOWN
    return Verdict.MALICIOUS if score >= MALICIOUS_AT else Verdict.SUSPICIOUS
