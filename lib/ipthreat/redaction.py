"""Keeps secrets out of everything that is shown, stored or recorded.

What a server sends is cleaned at the door, before anybody reads it: some services repeat the key in their errors. A
body of JSON is cleaned as it is written and again as it is read, since JSON can write each character in several ways.
"""

from __future__ import annotations

import base64
import html
import json
import re
from functools import cached_property
from itertools import product
from typing import Any, Iterable, Iterator, Pattern, Tuple
from urllib.parse import quote

from .exchange import Response

REMOVED = "[removed]"
SHORTEST = 6
"""A secret of fewer characters would be found in innocent text."""


class Redaction:
    """Removes some secrets in every spelling they travel in: as they are, in a URL, in JSON, in Basic credentials."""

    def __init__(self, secrets: Iterable[str]) -> None:
        told = tuple(secrets)
        self._secrets = tuple(sorted({text for text in told if len(text) >= SHORTEST}, key=len, reverse=True))
        spelt = {form for secret in self._secrets for coded in _forms(secret, told) for form in _quoted(coded)}
        self._forms = tuple(sorted(spelt, key=lambda form: (-len(form), form)))  # the longest first: it may hold others

    def text(self, text: str) -> str:
        """The text without the secrets."""
        for form in self._forms:
            text = text.replace(form, REMOVED)
        escaped = self._forms and any(mark in text for mark in "%\\&+")
        return self._escaped.sub(REMOVED, text) if escaped else text

    def response(self, response: Response) -> Response:
        """The answer without the secrets, in headers and body; a body that holds none is not touched."""
        headers = {self.text(name): self.text(value) for name, value in response.headers.items()}
        return Response(response.status, headers, self._body(response.body) if self._forms else response.body)

    def _body(self, body: bytes) -> bytes:
        text = _decoded(body)
        cleaned = self.text(text)
        try:
            read = json.loads(cleaned)
            harmless = self._data(read)
        except (ValueError, RecursionError):  # no JSON: there is no other way to read it
            return body if cleaned == text else cleaned.encode("utf-8", "surrogateescape")
        if harmless != read:
            return json.dumps(harmless).encode()
        return body if cleaned == text else cleaned.encode("utf-8", "surrogateescape")

    def _data(self, value: Any) -> Any:
        """Decoded JSON without the secrets, in names and in values."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self._data(inner) for name, inner in value.items()}
        return [self._data(inner) for inner in value] if isinstance(value, list) else value

    @cached_property
    def _escaped(self) -> Pattern[str]:
        """Finds the secrets with any of their characters escaped."""
        firsts = re.escape("".join({secret[0] for secret in self._secrets}))
        ways = "|".join("".join(map(_escapes, secret)) for secret in self._secrets)
        return re.compile(rf"(?=[%&+\\{firsts}])(?:{ways})")


def _forms(secret: str, told: Tuple[str, ...]) -> Iterator[str]:
    """The secret; as Basic credentials with each of the others as user; and inside whatever else is in base64."""
    yield secret
    raw = secret.encode("utf-8", "replace")
    for user in ("", *told):
        yield base64.b64encode(f"{user}:{secret}".encode("utf-8", "replace")).decode()
        yield base64.b64encode(f"{secret}:{user}".encode("utf-8", "replace")).decode()
    for alphabet, before in product((b"+/", b"-_"), (0, 1, 2)):  # base64 takes three bytes together, from any of them
        coded = base64.b64encode(bytes(before) + raw, alphabet).decode()
        inner = coded[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        yield from (coded, inner) if before == 0 else (inner,)


def _quoted(form: str) -> Iterator[str]:
    """The form, and as it stands in a URL, of either case, or in a JSON text that escapes the slash."""
    quoted = quote(form, safe="")
    yield from (form, quoted, re.sub("%..", lambda found: found.group().lower(), quoted), form.replace("/", r"\/"))


def _escapes(character: str) -> str:
    """A pattern for the character as itself, in JSON, in a URL, in HTML."""
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    octets = character.encode("utf-8", "replace")
    ways = [rf"\\?{re.escape(character)}", "".join(rf"\\u(?i:{pair})" for pair in pairs)]
    ways += [
        "".join(f"%(?i:{octet:02x})" for octet in octets),
        rf"&#(?:0*{ord(character)}|[xX]0*(?i:{ord(character):x}));",
    ]
    ways += [re.escape(other) for other in {json.dumps(character)[1:-1], html.escape(character)} - {character}]
    ways += [r"\+"] if character == " " else []
    return f"(?:{'|'.join(ways)})"


def _decoded(body: bytes) -> str:
    """The body as text: UTF-8, or UTF-16 or UTF-32 by its first bytes. Bytes that are no text survive."""
    try:
        return body.decode(json.detect_encoding(body))
    except UnicodeDecodeError:
        return body.decode("utf-8", "surrogateescape")
