"""Quotas: what each key may spend, what it has spent, and who may spend next."""

from .account import Account, Grant, Refusal, Standing
from .ledger import Ledger

__all__ = ["Account", "Grant", "Ledger", "Refusal", "Standing"]
