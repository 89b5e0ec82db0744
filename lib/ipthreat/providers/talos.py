"""Cisco Talos: no public API, and scraping is forbidden. So: a link always, and what an analyst supplies."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Optional
from urllib.parse import quote

from ..dossier import Evidence, SourceKind, Status, Verdict
from . import base

WORDS = ("trusted", "favorable", "neutral", "questionable", "untrusted")
"""Talos' own reputation words, as its site prints them (it spells `favorable`)."""

_VERDICTS = {"untrusted": Verdict.MALICIOUS, "questionable": Verdict.SUSPICIOUS, "trusted": Verdict.BENIGN}
NO_INTERFACE = "no public API, and scraping is forbidden; look it up by hand or supply its answer"


class Talos:
    """Reads a look-up that an analyst supplied: `{"reputation": "Untrusted", "owner": "…"}`."""

    name = "talos"
    title = "Cisco Talos"

    def link(self, address: str) -> str:
        """The reputation page an analyst can open."""
        return f"https://www.talosintelligence.com/reputation_center/lookup?search={quote(address, safe='')}"

    @classmethod
    def unavailable(cls) -> Evidence:
        """The honest entry when nobody supplied an answer: the same for every address."""
        return Evidence(cls.name, SourceKind.PROVIDER, Status.UNAVAILABLE, reason=NO_INTERFACE)

    def parse(self, address: str, body: Any, retrieved_at: Optional[datetime]) -> Evidence:
        """Evidence from what the analyst supplied; status `error` when it holds no reputation and no owner."""
        answer = base.mapping(body)
        word = base.text(answer.get("reputation")).lower().replace("favourable", "favorable")
        owner = base.text(answer.get("owner"))
        if word not in WORDS and not owner:
            return base.failed(self, address, Status.ERROR, f"neither a reputation ({', '.join(WORDS)}) nor an owner")
        return Evidence(
            source=self.name,
            kind=SourceKind.PROVIDER,
            status=Status.OK,
            verdict=_VERDICTS.get(word, Verdict.UNKNOWN),
            labels=(word.replace("favorable", "favourable"),) if word in WORDS else (),
            native=word.capitalize() if word in WORDS else "",
            scale="Talos reputation",
            organisation=owner,
            retrieved_at=retrieved_at,
            link=self.link(address),
        )
