"""Careful readers of what callers send: each raises InputError in one sentence that repeats no long text."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence, Tuple

from ...address import canonical
from ...errors import AddressError, InputError


def only(payload: Mapping[str, Any], names: Sequence[str]) -> None:
    """Refuses what nobody reads: a caller's mistake should not pass for a default."""
    for name in payload:
        if name not in names:
            raise InputError(f"there is no {name[:40]!r} here; there are {', '.join(names)}")


def text(payload: Mapping[str, Any], name: str, default: str = "", longest: int = 200) -> str:
    """A text without control characters."""
    value = payload.get(name, default)
    if not isinstance(value, str) or len(value) > longest or not (value.isprintable() or value == ""):
        raise InputError(f"{name} is a text of at most {longest} printable characters")
    return value


def word(payload: Mapping[str, Any], name: str, default: str, words: Iterable[str]) -> str:
    """One of some words."""
    value, known = payload.get(name, default), tuple(words)
    if value not in known:
        raise InputError(f"{name} is one of {', '.join(known)}")
    return str(value)


def number(payload: Mapping[str, Any], name: str, default: float, low: float, high: float) -> float:
    """A number within bounds."""
    value = payload.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise InputError(f"{name} is a number from {low:g} to {high:g}")
    return value


def flag(payload: Mapping[str, Any], name: str) -> bool:
    """True or false; false when it is not there."""
    value = payload.get(name, False)
    if not isinstance(value, bool):
        raise InputError(f"{name} is true or false")
    return value


def texts(payload: Mapping[str, Any], name: str, most: int, longest: int = 100) -> Tuple[str, ...]:
    """A list of texts."""
    value = payload.get(name, [])
    if not isinstance(value, list) or len(value) > most:
        raise InputError(f"{name} is a list of at most {most:,} texts")
    if not all(isinstance(item, str) and len(item) <= longest for item in value):
        raise InputError(f"{name} is a list of texts of at most {longest} characters")
    return tuple(value)


def addresses(payload: Mapping[str, Any], most: int) -> Tuple[str, ...]:
    """Addresses in canonical text, each once. Nothing but addresses is taken: no URL, path or name."""
    try:
        found = tuple(dict.fromkeys(canonical(item) for item in texts(payload, "addresses", most)))
    except AddressError as error:
        raise InputError(f"addresses: {error}") from None
    if not found:
        raise InputError("addresses is a list of at least one address")
    return found
