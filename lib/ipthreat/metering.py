"""Learns what a key may really spend, from a vendor that tells: once a day, before the first look-up."""

from __future__ import annotations

from typing import Optional

from .errors import StoreError
from .livesource import LiveSource
from .providers.further import Metered
from .quota import Ledger
from .sending import ONCE, Errand


def quota_errand(source: LiveSource, ledger: Ledger) -> Optional[Errand]:
    """The question to the vendor what is left of the quota; None where it need not or cannot be asked.

    It counts as a request like any other, and is not repeated on a day (UTC) on which it has been answered.
    """
    provider = source.provider
    request = provider.quota_question(source.settings) if isinstance(provider, Metered) else None
    if request is None or not isinstance(provider, Metered) or _told_today(source, ledger):
        return None
    return Errand(request, retries=ONCE, figures=provider.quota_answer)


def _told_today(source: LiveSource, ledger: Ledger) -> bool:
    try:
        return "day" in ledger.standing(source.account).told
    except StoreError:  # another process holds the ledger: whoever comes next may ask
        return True
