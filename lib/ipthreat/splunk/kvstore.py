"""The cluster's memory of what providers answered: a collection of the KV store behind each member's own store.

Only the app's handler writes it, with splunkd's token. A document is believed no longer than it says and no longer than
an answer lives; one that cannot be read is as good as none. The store is a convenience: when it is away, a run goes on.
"""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..dossier import Evidence
from ..errors import SplunkError
from ..store.encoding import decoded, encoded
from ..store.lifetimes import Lifetimes
from .splunkd import Splunkd, entity

EVIDENCE = "ipthreat_evidence"
CASES = "ipthreat_cases"
DELIVERIES = "ipthreat_deliveries"

MOST_AT_ONCE = 500
"""Documents of one batch_save; limits.conf allows 1,000, and no more than 50 MB."""
LARGEST_AT_ONCE = 512 * 1024
"""Bytes of one batch_save."""
KEYS_OF_A_QUERY = 100
QUERIES_AT_ONCE = 50
"""Queries of one batch_find; limits.conf allows 1,000."""
LONGEST_ANSWER = 64 * 1024
"""Bytes of an answer that is shared; a longer one stays on its member."""

_LIFETIMES = Lifetimes()


class Found(NamedTuple):
    """An answer of another member."""

    address: str
    evidence: Evidence


class SharedEvidence:
    """The collection. `tell` hears, once, why it is not used any more."""

    def __init__(
        self, splunkd: Splunkd, now: Callable[[], float], tell: Callable[[str], None], lifetimes: Lifetimes = _LIFETIMES
    ) -> None:
        self.problem = ""
        """Why the collection is not used; empty while it is."""
        self._splunkd, self._now, self._tell, self._lifetimes = splunkd, now, tell, lifetimes

    def find(self, wanted: Mapping[str, Sequence[str]]) -> List[Found]:
        """What is known of these addresses and still holds; `wanted` is provider → addresses."""
        keys = [_key(provider, address) for provider, addresses in wanted.items() for address in addresses]
        found: List[Found] = []
        size = KEYS_OF_A_QUERY * QUERIES_AT_ONCE
        for start in range(0, len(keys), size):
            asked = set(keys[start : start + size])
            for document in self._batch(keys[start : start + size]):
                found += [item for item in [self._believed(document, asked)] if item]
        return found

    def save(self, answers: Sequence[Tuple[str, Evidence]]) -> None:
        """Shares answers, (address, evidence); what is no answer, or is too long, is left out."""
        documents = [item for item in map(self._document, answers) if item]
        for batch in _batches(documents):
            self._asked("batch_save", batch)

    def _batch(self, keys: Sequence[str]) -> Iterator[Any]:
        starts = range(0, len(keys), KEYS_OF_A_QUERY)
        queries = [{"query": {"$or": [{"_key": key} for key in keys[at : at + KEYS_OF_A_QUERY]]}} for at in starts]
        answer = self._asked("batch_find", queries)
        for group in answer if isinstance(answer, list) else ():
            yield from group if isinstance(group, list) else ()

    def _asked(self, verb: str, document: Any) -> Any:
        if self.problem:
            return None
        try:
            answer = self._splunkd.post_json(f"storage/collections/data/{EVIDENCE}/{verb}", document)
            if answer.ok:
                return answer.json()
            self.problem = f"the KV store answers {answer.status}"
        except SplunkError as error:
            self.problem = str(error)
        self._tell(f"answers are not shared with the cluster in this run: {self.problem}")
        return None

    def _document(self, answer: Tuple[str, Evidence]) -> Optional[Dict[str, Any]]:
        address, item = answer
        fresh = self._lifetimes.of(item)
        body = encoded(item).decode()
        if fresh is None or item.retrieved_at is None or len(body) > LONGEST_ANSWER:
            return None
        retrieved = item.retrieved_at.timestamp()
        return {
            "_key": _key(item.source, address),
            "address": address,
            "provider": item.source,
            "status": item.status.value,
            "retrieved": retrieved,
            "expires": retrieved + fresh.total_seconds(),
            "answer": body,
        }

    def _believed(self, document: Any, asked: Any) -> Optional[Found]:
        """What a document says, when it was asked for, is still fresh and agrees with itself."""
        told = document if isinstance(document, dict) else {}
        key, address, body = told.get("_key"), told.get("address"), told.get("answer")
        item = decoded(body.encode()) if isinstance(body, str) and len(body) <= LONGEST_ANSWER else None
        if item is None or key not in asked or key != _key(item.source, str(address)):
            return None
        fresh, retrieved = self._lifetimes.of(item), item.retrieved_at
        if fresh is None or retrieved is None or retrieved.tzinfo is not timezone.utc:
            return None
        age = self._now() - retrieved.timestamp()
        return Found(str(address), item) if -60 <= age < fresh.total_seconds() else None


def put_document(splunkd: Splunkd, collection: str, key: str, document: Mapping[str, Any]) -> bool:
    """Adds a document under a key that nothing has yet; False when it was there already. Raises SplunkError."""
    answer = splunkd.post_json(f"storage/collections/data/{collection}", {**document, "_key": key})
    if answer.ok:
        return True
    if answer.status == 409:
        return False
    raise SplunkError(f"the KV store answers {answer.status}")


def change_document(splunkd: Splunkd, collection: str, key: str, document: Mapping[str, Any]) -> bool:
    """Replaces a document. Raises SplunkError."""
    answer = splunkd.post_json(entity(f"storage/collections/data/{collection}", key), {**document, "_key": key})
    if not answer.ok:
        raise SplunkError(f"the KV store answers {answer.status}")
    return True


def get_document(splunkd: Splunkd, collection: str, key: str) -> Optional[Dict[str, Any]]:
    """The document under a key; None when there is none. Raises SplunkError."""
    answer = splunkd.get(entity(f"storage/collections/data/{collection}", key))
    if answer.status == 404:
        return None
    if not answer.ok:
        raise SplunkError(f"the KV store answers {answer.status}")
    found = answer.json()
    return found if isinstance(found, dict) else None


def delete_document(splunkd: Splunkd, collection: str, key: str) -> bool:
    """Removes a document, if it is there. Raises SplunkError."""
    answer = splunkd.delete(entity(f"storage/collections/data/{collection}", key))
    if not answer.ok and answer.status != 404:
        raise SplunkError(f"the KV store answers {answer.status}")
    return answer.ok


def _key(provider: str, address: str) -> str:
    return f"{provider}:{address}"


def _batches(documents: Sequence[Dict[str, Any]]) -> Iterator[List[Dict[str, Any]]]:
    """Documents in batches within both limits."""
    batch: List[Dict[str, Any]] = []
    size = 0
    for document in documents:
        length = len(json.dumps(document))
        if batch and (len(batch) >= MOST_AT_ONCE or size + length > LARGEST_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += length
    if batch:
        yield batch
