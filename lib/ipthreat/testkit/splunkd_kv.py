"""A collection of the KV store, with the store's documented limits (limits.conf, [kvstore]) and query operators."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence

MOST_SAVED = 1000
"""Documents of one batch_save."""
MOST_QUERIES = 1000
"""Queries of one batch_find."""
MOST_ROWS = 50_000
"""Documents that one query returns; the rest is left out without a word."""
LARGEST_SAVE = 50 * 2**20
"""Bytes of one batch_save."""

Document = Dict[str, Any]

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda value, bound: value > bound,
    "$gte": lambda value, bound: value >= bound,
    "$lt": lambda value, bound: value < bound,
    "$lte": lambda value, bound: value <= bound,
    "$ne": lambda value, bound: value != bound,
    "$regex": lambda value, bound: re.search(bound, str(value)) is not None,
}


class Refused(Exception):  # noqa: N818  # the word says that it is one
    """The store answers with an error: a status and a sentence."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


@dataclass
class Collection:
    """Documents by key."""

    documents: Dict[str, Document] = field(default_factory=dict)

    def insert(self, document: Document) -> str:
        """Adds a document. Raises Refused when its key is taken."""
        key = str(document.get("_key") or secrets.token_hex(12))
        if key in self.documents:
            raise Refused(409, "A document with the same key and user already exists.")
        return self.replace(key, document)

    def replace(self, key: str, document: Document) -> str:
        """Puts a document under a key."""
        self.documents[key] = {"_user": "nobody", **document, "_key": key}
        return key

    def batch_save(self, documents: Sequence[Document], size: int) -> List[str]:
        """Adds or replaces documents; their keys. Raises Refused beyond the limits."""
        if len(documents) > MOST_SAVED:
            raise Refused(400, f"Request exceeds API limits: {len(documents)} documents, the most is {MOST_SAVED}")
        if size > LARGEST_SAVE:
            raise Refused(400, "Request exceeds API limits: the batch is larger than 50 MB")
        return [self.replace(str(item.get("_key") or secrets.token_hex(12)), item) for item in documents]

    def batch_find(self, queries: Sequence[Mapping[str, Any]]) -> List[List[Document]]:
        """The documents of each query. Raises Refused beyond the limits."""
        if len(queries) > MOST_QUERIES:
            raise Refused(400, f"Request exceeds API limits: {len(queries)} queries, the most is {MOST_QUERIES}")
        return [self.find(query.get("query", {}), limit=query.get("limit", 0)) for query in queries]

    def find(
        self, query: Mapping[str, Any], *, sort: str = "", limit: int = 0, skip: int = 0, fields: str = ""
    ) -> List[Document]:
        """The documents that a query matches, at most MOST_ROWS."""
        found = list(self._matching(query))
        for item in reversed([part for part in sort.split(",") if part]):
            name, _, direction = item.partition(":")
            found.sort(key=lambda document: document.get(name, ""), reverse=direction == "-1")
        wanted = [name for name in fields.split(",") if name]
        page = found[skip : skip + min(limit or MOST_ROWS, MOST_ROWS)]
        return [{name: item[name] for name in wanted if name in item} if wanted else dict(item) for item in page]

    def delete(self, query: Mapping[str, Any]) -> None:
        """Removes the documents that a query matches."""
        for document in list(self._matching(query)):
            del self.documents[document["_key"]]

    def _matching(self, query: Mapping[str, Any]) -> Iterator[Document]:
        keys = _keys(query)
        candidates = self.documents.values() if keys is None else map(self.documents.get, keys)
        return (document for document in candidates if document is not None and matches(document, query))


def _keys(query: Mapping[str, Any]) -> Optional[List[str]]:
    """The keys that a query asks for, where it asks for nothing else: `_key` has an index."""
    if list(query) == ["_key"] and isinstance(query["_key"], str):
        return [query["_key"]]
    if list(query) == ["$or"] and all(list(item) == ["_key"] for item in query["$or"]):
        return list(dict.fromkeys(item["_key"] for item in query["$or"]))
    return None


def matches(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    """True when a document fits a query. Raises Refused for an operator that the store does not have."""
    return all(_fits(document, name, wanted) for name, wanted in query.items())


def _fits(document: Mapping[str, Any], name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(matches(document, item) for item in wanted)
    if name == "$or":
        return any(matches(document, item) for item in wanted)
    if name == "$not":
        return not matches(document, wanted)
    if name.startswith("$"):
        raise Refused(400, f"there is no operator {name}")
    if not isinstance(wanted, dict):
        return bool(document.get(name) == wanted)
    return all(_holds(document.get(name), operator, bound) for operator, bound in wanted.items())


def _holds(value: Any, operator: str, bound: Any) -> bool:
    if operator not in _COMPARE:
        raise Refused(400, f"there is no operator {operator}")
    try:
        return value is not None and _COMPARE[operator](value, bound)
    except TypeError:
        return False
