"""Answers of the providers: our own in `tests/data`, and the recordings beside the project where they are present."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from ipthreat.testkit.providers import NOW, CanarySettings, answer

TESTS = Path(__file__).parents[1]
RECORDINGS = TESTS.parents[1] / "shared" / "fixtures"
ADDRESS = "198.51.100.7"
"""The address that our own answers are about."""
INSTANCE = "https://instance.example/api"
SETTINGS = CanarySettings()
SELF_HOSTED = CanarySettings(base_url=INSTANCE)

__all__ = [
    "ADDRESS",
    "INSTANCE",
    "NOW",
    "RECORDINGS",
    "SELF_HOSTED",
    "SETTINGS",
    "answer",
    "changed",
    "load",
    "recorded",
]


def load(provider: str, name: str) -> Any:
    """One of our own answers, decoded."""
    return json.loads((TESTS / "data" / provider / f"{name}.json").read_text(encoding="utf-8"))


def recorded(path: str) -> Any:
    """A recording, decoded; the body alone of one that bears its HTTP status."""
    document = json.loads((RECORDINGS / path).read_text(encoding="utf-8"))
    return document["body"] if isinstance(document, dict) and "_http_status" in document else document


def changed(document: Any, value: Any, *path: Any) -> Any:
    """A copy of a document with another value at a place."""
    result = copy.deepcopy(document)
    place = result
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return result
