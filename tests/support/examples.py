"""How many examples a property test looks at: a share of what the profile asks for, where one example costs much."""

from __future__ import annotations

from hypothesis import settings


def examples(share: float) -> int:
    """A number for `@settings(max_examples=…)`; at least ten, in the brief profile too."""
    assert settings.default is not None
    return max(10, round(settings.default.max_examples * share))
