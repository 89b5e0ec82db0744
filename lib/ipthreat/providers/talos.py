"""Cisco Talos: no public API, and scraping is forbidden. So: a link always, and what an analyst supplies.

That may be what the reputation page says of an address, or the IP block list, which a user may download after accepting
its terms. The list is a sample for testing by its own words: being on it is a suspicion, not being on it is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, FrozenSet, Optional, Sequence
from urllib.parse import quote

from ..dossier import Evidence, SourceKind, Status, Verdict
from ..errors import EvidenceError
from . import base

WORDS = ("trusted", "favorable", "neutral", "questionable", "untrusted")
"""Talos' own reputation words, as its site prints them (it spells `favorable`)."""
LIST_LIMIT = 32 * 2**20
"""Largest block list that is read, in bytes."""

_VERDICTS = {"untrusted": Verdict.MALICIOUS, "questionable": Verdict.SUSPICIOUS, "trusted": Verdict.BENIGN}
NO_INTERFACE = "no public API, and scraping is forbidden; look it up by hand or supply its answer"


class Talos:
    """Reads a look-up that an analyst supplied: `{"reputation": "Untrusted", "owner": "…"}`, or the page's own JSON."""

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
        word = _word(answer.get("reputation"))
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


def _word(reputation: Any) -> str:
    """The reputation word; the JSON that Talos' page works with has it up to two objects further in."""
    for _ in range(2):
        inner = base.mapping(reputation)
        reputation = inner.get("threat_level_mnemonic", inner.get("reputation", reputation))
    return base.text(reputation).lower().replace("favourable", "favorable")


@dataclass(frozen=True)
class TalosBlockList:
    """The block list that a user downloaded, as a source. It takes the place of the entry `unavailable`."""

    addresses: FrozenSet[str]
    dated: datetime
    """When the file was written: the list itself bears no date."""

    def evidence(self, address: str) -> Sequence[Evidence]:
        """A suspicion for an address on the list; for any other the source stays unavailable."""
        if address not in self.addresses:
            return (Talos.unavailable(),)
        return (
            Evidence(
                Talos.name,
                SourceKind.PROVIDER,
                Status.OK,
                verdict=Verdict.SUSPICIOUS,
                labels=("listed",),
                native="listed",
                scale="Talos IP block list",
                retrieved_at=self.dated,
                link=Talos().link(address),
            ),
        )


def read_block_list(path: Path) -> TalosBlockList:
    """The block list in a file: one address a line. Raises EvidenceError in one sentence for anything else.

    Since 2024 an automatic download brings a page of HTML with the terms instead of the list.
    """
    try:
        size, written = path.stat().st_size, path.stat().st_mtime
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if size <= LIST_LIMIT else []
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror or error})") from None
    found = [base.address(line.strip()) for line in lines if line.strip()]
    if size > LIST_LIMIT or not found or not all(found):
        what = "a page of HTML" if next(filter(str.strip, lines), "").lstrip("\ufeff \t").startswith("<") else "a file"
        raise EvidenceError(f"{path}: is {what}, not the Talos block list with one address a line")
    return TalosBlockList(frozenset(found), datetime.fromtimestamp(written, tz=timezone.utc))
