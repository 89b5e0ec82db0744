"""The evidence store: providers' answers, kept between runs and shared by every process of a user."""

from .entries import Entry
from .evidence import EvidenceStore, Held, Kept, stale
from .lifetimes import Fresh, Lifetimes

__all__ = ["Entry", "EvidenceStore", "Fresh", "Held", "Kept", "Lifetimes", "stale"]
