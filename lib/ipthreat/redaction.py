"""Keeps secrets out of everything that is shown, stored or recorded.

What a server sends is cleaned at the door, before anybody reads it: some services repeat the key in their errors.
"""

from __future__ import annotations

import base64
import json
from typing import Iterable, Tuple
from urllib.parse import quote, quote_plus

from .exchange import Response

REMOVED = "[removed]"
SHORTEST = 6
"""A secret of fewer characters would be found in innocent text."""


class Redaction:
    """Removes some secrets in every spelling they travel in: as they are, in a URL, in JSON, in Basic credentials."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spelt = {form for secret in secrets if len(secret) >= SHORTEST for form in _spellings(secret)}
        self._forms = tuple(sorted(spelt, key=lambda form: (-len(form), form)))  # the longest first: it may hold others

    def text(self, text: str) -> str:
        """The text without the secrets."""
        for form in self._forms:
            text = text.replace(form, REMOVED)
        return text

    def response(self, response: Response) -> Response:
        """The answer without the secrets, in headers and body."""
        body = response.body
        for form in self._forms:
            body = body.replace(form.encode(), REMOVED.encode())
        headers = {self.text(name): self.text(value) for name, value in response.headers.items()}
        return Response(response.status, headers, body)


def _spellings(secret: str) -> Tuple[str, ...]:
    raw = secret.encode("utf-8", "replace")
    coded = base64.b64encode(raw).decode()
    shown = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1], coded}
    return tuple(form for form in shown if len(form) >= SHORTEST)
