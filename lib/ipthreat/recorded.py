"""Recorded provider answers in a JSON file, read as evidence without any network.

Format `ipthreat-evidence/1`:

    {"format": "ipthreat-evidence/1",
     "answers": [{"provider": "virustotal", "address": "18.237.3.202", "retrieved": "2023-10-26T12:00:00Z",
                  "body": {…}},
                 {"provider": "greynoise", "address": "18.237.3.202", "status": "rate_limited", "reason": "…"}]}

`body` is the provider's answer as it came. An answer without body needs a `status` other than ok. A file that is one
VirusTotal v3 object (`{"data": {"type": "ip_address", …}}`) is taken as that provider's answer.

An answer with `http` is a whole HTTP answer, as `recording.py` writes them: about all of its `addresses`, with its
status and headers, and `text` instead of `body` where it was no JSON. It is read by the provider just as when it came.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, cast

from .address import canonical
from .dossier import Evidence, SourceKind, Status
from .errors import AddressError, EvidenceError
from .exchange import Response
from .providers import PROVIDERS, with_third_parties
from .providers.base import LiveProvider, Provider, failed, mapping, text

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


def read_evidence(path: Path, providers: Mapping[str, Provider] = PROVIDERS) -> Dict[str, Tuple[Evidence, ...]]:
    """Address → evidence, from a file. Raises EvidenceError in one sentence for a file that cannot be used."""
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise EvidenceError(f"{path}: evidence files may be {SIZE_LIMIT // 2**20} MiB large at most")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvidenceError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (ValueError, RecursionError):
        raise EvidenceError(f"{path}: is no JSON") from None
    return evidence_from(data, str(path), providers)


def evidence_from(
    data: Any, origin: str, providers: Mapping[str, Provider] = PROVIDERS
) -> Dict[str, Tuple[Evidence, ...]]:
    """Address → evidence, from decoded JSON. `origin` names it in an EvidenceError."""
    found: Dict[str, List[Evidence]] = {}
    for number, answer in enumerate(_answers(data, origin), start=1):
        for address, item in _told(mapping(answer), f"{origin}: answer {number}", providers):
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


def _told(fields: Mapping[str, Any], place: str, providers: Mapping[str, Provider]) -> Iterator[Tuple[str, Evidence]]:
    """(address, evidence) of one answer; of several addresses where it is a whole HTTP answer."""
    name, retrieved = text(fields.get("provider")), _retrieved(fields, place)
    if "http" not in fields:
        address = _address(fields.get("address"), place)
        if "body" not in fields:
            yield address, _without_answer(name, address, fields, place, providers)
        else:
            yield address, _known(name, place, providers).parse(address, fields["body"], retrieved)
        return
    provider = _known(name, place, providers)
    if not hasattr(provider, "answers") or retrieved is None:
        raise EvidenceError(f"{place}: an HTTP answer needs a provider that can be asked, and the time it came")
    told = fields.get("addresses")
    addresses = [_address(item, place) for item in told] if isinstance(told, list) else []
    yield from cast(LiveProvider, provider).answers(addresses, _response(fields), retrieved).items()


def _known(name: str, place: str, providers: Mapping[str, Provider]) -> Provider:
    """The provider of that name; one that another distribution brings is looked for only where a file names it."""
    if name not in providers and providers is PROVIDERS:
        providers = with_third_parties(lambda _line: None)
    if name not in providers:
        raise EvidenceError(f"{place}: there is no provider {name!r}; there are {', '.join(providers)}")
    return providers[name]


def _address(value: Any, place: str) -> str:
    try:
        return canonical(text(value))
    except AddressError:
        raise EvidenceError(f"{place}: has no valid address") from None


def _response(fields: Mapping[str, Any]) -> Response:
    """The recorded HTTP answer."""
    status = fields["http"] if isinstance(fields["http"], int) else 0
    headers = {name: text(value) for name, value in mapping(fields.get("headers")).items()}
    shown = fields.get("text")
    body = shown if isinstance(shown, str) else json.dumps(fields.get("body"))
    return Response(status, headers, body.encode("utf-8", "replace"))


def _retrieved(fields: Mapping[str, Any], place: str) -> Optional[datetime]:
    if "retrieved" not in fields:
        return None
    try:
        return parse_time(text(fields["retrieved"]))
    except ValueError:
        raise EvidenceError(f"{place}: `retrieved` is no ISO 8601 time") from None


def _without_answer(
    name: str, address: str, fields: Mapping[str, Any], place: str, providers: Mapping[str, Provider]
) -> Evidence:
    try:
        status = Status(fields.get("status"))
    except ValueError:
        status = Status.OK
    if status in (Status.OK, Status.STALE) or not name:
        raise EvidenceError(f"{place}: has neither a body nor a status that says why there is none")
    reason = text(fields.get("reason"))
    if name in providers:
        return failed(providers[name], address, status, reason)
    return Evidence(name, SourceKind.PROVIDER, status, reason=reason)
