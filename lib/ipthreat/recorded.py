"""Recorded provider answers in a JSON file, read as evidence without any network.

Format `ipthreat-evidence/1`:

    {"format": "ipthreat-evidence/1",
     "answers": [{"provider": "virustotal", "address": "18.237.3.202", "retrieved": "2023-10-26T12:00:00Z",
                  "body": {…}},
                 {"provider": "greynoise", "address": "18.237.3.202", "status": "rate_limited", "reason": "…"}]}

`body` is the provider's answer as it came. An answer without body needs a `status` other than ok. A file that is one
VirusTotal v3 object (`{"data": {"type": "ip_address", …}}`) is taken as that provider's answer.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .address import canonical
from .dossier import Evidence, SourceKind, Status
from .errors import AddressError, EvidenceError
from .providers import PROVIDERS
from .providers.base import failed, mapping, text

FORMAT = "ipthreat-evidence/1"
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?)?", re.ASCII)
SIZE_LIMIT = 64 * 1024 * 1024
"""Largest file that is read, in bytes."""


def parse_time(value: str) -> datetime:
    """A date or time in ISO 8601, extended format; UTC where it names no zone. Raises ValueError.

    The same texts are times under every Python: what `fromisoformat` accepts differs from version to version.
    """
    match = _TIME.fullmatch(value.strip())
    if match is None:
        raise ValueError(f"{value[:40]!r} is no ISO 8601 time")
    day, clock, fraction, zone = match.groups(default="")
    zone = zone.upper().replace("Z", "+00:00")
    moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{':00' if len(clock) == 5 else ''}{zone}")
    moment += timedelta(microseconds=int(fraction[:6].ljust(6, "0")))
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def read_evidence(path: Path) -> Dict[str, Tuple[Evidence, ...]]:
    """Address → evidence, from a file. Raises EvidenceError in one sentence for a file that cannot be used."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise EvidenceError(f"{path}: evidence files may be {SIZE_LIMIT // 2**20} MiB large at most")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise EvidenceError(f"{path}: is no JSON") from None
    return evidence_from(data, str(path))


def evidence_from(data: Any, origin: str) -> Dict[str, Tuple[Evidence, ...]]:
    """Address → evidence, from decoded JSON. `origin` names it in an EvidenceError."""
    found: Dict[str, List[Evidence]] = {}
    for number, answer in enumerate(_answers(data, origin), start=1):
        address, item = _evidence(answer, f"{origin}: answer {number}")
        found.setdefault(address, []).append(item)
    return {address: tuple(items) for address, items in found.items()}


def _answers(data: Any, origin: str) -> List[Any]:
    body = mapping(data)
    if body.get("format") == FORMAT and isinstance(body.get("answers"), list):
        return list(body["answers"])
    vt = mapping(body.get("data", body))
    if vt.get("type") == "ip_address":
        return [{"provider": "virustotal", "address": vt.get("id"), "body": body}]
    raise EvidenceError(f'{origin}: is neither a file of format "{FORMAT}" nor a VirusTotal v3 IP address object')


def _evidence(answer: Any, place: str) -> Tuple[str, Evidence]:
    fields = mapping(answer)
    try:
        address = canonical(text(fields.get("address")))
    except AddressError:
        raise EvidenceError(f"{place}: has no valid address") from None
    retrieved = _retrieved(fields, place)
    name = text(fields.get("provider"))
    provider = PROVIDERS.get(name)
    if "body" not in fields:
        return address, _without_answer(name, address, fields, place)
    if provider is None:
        raise EvidenceError(f"{place}: there is no provider {name!r}; there are {', '.join(PROVIDERS)}")
    return address, provider.parse(address, fields["body"], retrieved)


def _retrieved(fields: Mapping[str, Any], place: str) -> Optional[datetime]:
    if "retrieved" not in fields:
        return None
    try:
        return parse_time(text(fields["retrieved"]))
    except ValueError:
        raise EvidenceError(f"{place}: `retrieved` is no ISO 8601 time") from None


def _without_answer(name: str, address: str, fields: Mapping[str, Any], place: str) -> Evidence:
    try:
        status = Status(fields.get("status"))
    except ValueError:
        status = Status.OK
    if status in (Status.OK, Status.STALE) or not name:
        raise EvidenceError(f"{place}: has neither a body nor a status that says why there is none")
    reason = text(fields.get("reason"))
    if name in PROVIDERS:
        return failed(PROVIDERS[name], address, status, reason)
    return Evidence(name, SourceKind.PROVIDER, status, reason=reason)
