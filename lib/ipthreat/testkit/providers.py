"""Holds a provider against the contract of `LiveProvider`: faults, nonsense, secrets. For whoever writes one.

    from ipthreat.testkit.providers import breaches

    def test_my_provider_keeps_the_contract():
        body = {"ip": "198.51.100.7", "rating": "bad"}          # an answer as the service gives it
        assert breaches(MyProvider(), "198.51.100.7", body) == ()

Nothing here touches the network: questions are looked at, answers are made up.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Tuple, Union

from ..dossier import Evidence, SourceKind, Status, Verdict
from ..exchange import Request, Response
from ..providers.base import LiveProvider
from .behaviours import CAPTCHA_PAGE

CANARY = "canary5f1e9d0c7b3a"
"""The key in the settings of these checks: it may be found in a request's headers, and nowhere else."""
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
"""When the made-up answers came."""
ANOTHER = "203.0.113.77"
"""An address that no answer is about."""
SPANS = ("second", "minute", "hour", "day", "month")

Place = Tuple[Union[str, int], ...]
"""Keys and positions from the top of a document to one of its values."""


@dataclass(frozen=True)
class CanarySettings:
    """Settings with everything a provider may need."""

    key: str = field(default=CANARY, repr=False)
    base_url: str = ""
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)


class Fault(NamedTuple):
    """An answer that says nothing about an address, and the statuses it may have."""

    name: str
    response: Response
    statuses: FrozenSet[Status]


def _fault(name: str, status: int, body: bytes, *statuses: Status, **headers: str) -> Fault:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Fault(name, Response(status, named, body), frozenset(statuses))


FAULTS: Tuple[Fault, ...] = (
    _fault("401", 401, b"{}", Status.AUTH_ERROR),
    _fault("402", 402, b"{}", Status.FORBIDDEN),
    _fault("403", 403, b"{}", Status.FORBIDDEN, Status.AUTH_ERROR),
    _fault("404 with JSON", 404, b'{"detail": "nothing here"}', Status.ERROR),
    _fault("404 without body", 404, b"", Status.ERROR),
    _fault("404 with a page", 404, CAPTCHA_PAGE, Status.ERROR),
    _fault("429", 429, b"{}", Status.RATE_LIMITED),
    _fault("429 with a time", 429, b"{}", Status.RATE_LIMITED, Retry_After="120"),
    _fault("429 with nonsense", 429, b"{}", Status.RATE_LIMITED, Retry_After="tomorrow"),
    *(_fault(str(code), code, CAPTCHA_PAGE, Status.ERROR) for code in (302, 400, 418, 422, 500, 502, 503, 504)),
    _fault("a page with 200", 200, CAPTCHA_PAGE, Status.ERROR),
    _fault("an empty body", 200, b"", Status.ERROR),
    _fault("a cut body", 200, b'{"data": {"ip": "198.51.', Status.ERROR),
    _fault("bytes", 200, b"\xff\xfe\x00\x01", Status.ERROR),
    _fault("deep nesting", 200, b"[" * 100_000, Status.ERROR),
    *(
        _fault(f"JSON {text.decode()}", 200, text, Status.ERROR)
        for text in (b"null", b"true", b"5", b'"ok"', b"[[]]", b'{"data": []}', b"NaN", b"1e999")
    ),
    _fault("JSON {}", 200, b"{}", Status.ERROR, Status.NOT_FOUND),  # an empty TAXII collection says so
)
"""Every answer that must not be taken for a statement about an address."""


def mutations(document: Any) -> Iterator[Tuple[Place, Any]]:
    """Copies of a decoded document, each with one value dropped, of another type, nested, or enlarged."""
    for path in paths(document):
        yield from ((path, mutant) for mutant in mutants_at(document, path))


def mutants_at(document: Any, path: Place) -> Iterator[Any]:
    """The copies with the value at one place damaged."""
    value = _at(document, path)
    for replacement in (*_retyped(value), [value], {"value": value}, _enlarged(value)):
        yield _with(document, path, replacement)
    yield _without(document, path)


def paths(document: Any, limit: int = 3) -> Iterator[Place]:
    """The way to every value of a document; of an array, to its first `limit` items."""
    waiting: List[Place] = [()]
    while waiting:
        path = waiting.pop()
        value = _at(document, path)
        if path:
            yield path
        if isinstance(value, dict):
            waiting.extend((*path, key) for key in value)
        elif isinstance(value, list):
            waiting.extend((*path, position) for position in range(min(limit, len(value))))


def breaches(provider: LiveProvider, address: str, body: Any, key_in_query: bool = False) -> Tuple[str, ...]:
    """Every way in which a provider breaks the contract, in words; empty when it keeps it.

    `body` is a decoded answer about the address with which the provider answers ok. `key_in_query`: the service takes
    the key nowhere else.
    """
    found = [*_described(provider), *_asked(provider, address, key_in_query), *_faulty(provider, address)]
    good = provider.parse(address, body, NOW)
    if not isinstance(good, Evidence):
        return (*found, "its parse gives no Evidence")
    if good.status is not Status.OK:
        return (*found, f"the answer about {address} gives the status {good.status.value}")
    found += [f"the answer: {breach}" for breach in unsound(provider, good)]
    for path, mutant in mutations(body):
        place = "/".join(map(str, path))
        result = provider.parse(address, mutant, NOW)
        found += [f"with {place} changed: {breach}" for breach in unsound(provider, result)]
        if isinstance(result, Evidence) and turned(good.verdict, result.verdict):
            found.append(f"with {place} changed: {good.verdict.value} becomes {result.verdict.value}")
    return tuple(dict.fromkeys(found))


def turned(before: Verdict, after: Verdict) -> bool:
    """True when a damaged answer calls malicious what the whole one does not accuse, or clears what it accuses."""
    accused = before in (Verdict.MALICIOUS, Verdict.SUSPICIOUS)
    return after is (Verdict.BENIGN if accused else Verdict.MALICIOUS)


def unsound(provider: LiveProvider, item: Any) -> Iterator[str]:
    """What is wrong with a piece of evidence by itself."""
    if not isinstance(item, Evidence):
        yield "it is no Evidence"
        return
    if (item.source, item.kind) != (provider.name, SourceKind.PROVIDER):
        yield "its source is not the provider"
    if item.status not in (Status.OK, Status.STALE) and (item.verdict is not Verdict.UNKNOWN or item.score is not None):
        yield f"it has a verdict or a score with the status {item.status.value}"
    if item.score is not None and not 0 <= item.score <= 100:
        yield f"its score is {item.score}"
    if any(moment.tzinfo is None for moment in (item.observed_at, item.first_seen, item.last_seen) if moment):
        yield "it has a time without a zone"
    written = (item.native, item.as_owner, item.organisation, item.reason, *item.labels, *item.flags, *item.related)
    if any(not isinstance(text, str) or len(text) > 500 or "\n" in text for text in written):
        yield "it has a text that is long or broken into lines"
    if CANARY in repr(item):
        yield "it shows the key"


def _described(provider: LiveProvider) -> Iterator[str]:
    if not (isinstance(provider.name, str) and provider.name and isinstance(provider.title, str) and provider.title):
        yield "it has no name or no title"
    if not all(span in SPANS and most > 0 for span, most in provider.quota.items()):
        yield f"its quota has other spans than {', '.join(SPANS)}"
    if provider.batch < 1 or provider.concurrency < 1:
        yield "its batch or its concurrency is less than 1"
    if not provider.tlp.startswith("TLP:"):
        yield "its tlp is no TLP label"


def _asked(provider: LiveProvider, address: str, key_in_query: bool) -> Iterator[str]:
    settings = CanarySettings(base_url="https://instance.example/api" if "base_url" in provider.needs else "")
    request = provider.question([address], settings)
    if not isinstance(request, Request) or not request.url.startswith("https://"):
        yield "its question is no request over https"
        return
    if CANARY in request.url or CANARY in repr(request) or CANARY in repr(settings):
        yield "the key stands in the URL"
    if not key_in_query and any(CANARY in value for value in request.params.values()):
        yield "the key stands in the query"
    if "key" in provider.needs and not any(CANARY in text for text in _carried(request)):
        yield "it does not send the key that it needs"
    if not 1 <= provider.at_once(settings) <= provider.batch:
        yield "at_once is not from 1 to batch"


def _carried(request: Request) -> Iterable[str]:
    """What may carry a key: headers, query and body. Basic authentication hides it from this look."""
    yield from (value for value in request.headers.values())
    yield from request.params.values()
    yield request.body.decode("utf-8", "replace")


def _faulty(provider: LiveProvider, address: str) -> Iterator[str]:
    asked = [address, ANOTHER]
    for fault in FAULTS:
        found = provider.answers(asked, fault.response, NOW)
        if list(found) != asked:
            yield f"{fault.name}: it gives no entry for an address that was asked"
            continue
        for item in found.values():
            if item.status not in fault.statuses and item.status is not Status.UNSUPPORTED:
                yield f"{fault.name}: the status is {item.status.value}"
            yield from (f"{fault.name}: {breach}" for breach in unsound(provider, item))
    if not all(isinstance(figure, int) for figure in provider.rate(Response(200, {}, b"")).values()):
        yield "rate gives something else than whole numbers"


def _at(document: Any, path: Place) -> Any:
    for step in path:
        document = document[step]
    return document


def _with(document: Any, path: Place, value: Any) -> Any:
    changed = copy.deepcopy(document)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(document: Any, path: Place) -> Any:
    changed = copy.deepcopy(document)
    del _at(changed, path[:-1])[path[-1]]
    return changed


def _retyped(value: Any) -> Tuple[Any, ...]:
    """Values of other types. None is never taken for a yes that was left out, so it does not become true."""
    others: Tuple[Any, ...] = (
        None,
        "x",
        7,
        0.5,
        [],
        {},
        *(() if value is None or isinstance(value, bool) else (True,)),
    )
    return tuple(other for other in others if type(other) is not type(value))


def _enlarged(value: Any) -> Any:
    """Far more of the same."""
    if isinstance(value, bool) or value is None:
        return [value] * 5000
    if isinstance(value, (int, float)):
        return int(value) * 1000 + 10**12
    if isinstance(value, dict):
        return {**value, **{f"x{number}": value for number in range(200)}}
    return value * 1000 if value else type(value)(["x"] * 5000) if isinstance(value, list) else "x" * 5000


def answer(body: Any, status: int = 200, **headers: str) -> Response:
    """A response with a JSON body; underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, named, json.dumps(body).encode())
