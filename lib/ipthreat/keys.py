"""Where keys are kept: in the system's keyring where there is one, else in the settings file.

The keyring is reached through the package `keyring`, which is optional.
"""

from __future__ import annotations

from typing import Optional, Protocol

from .errors import IpthreatError

SERVICE = "ipthreat"
"""The name under which the keyring shows our keys."""


class Ring(Protocol):
    """A keyring, as the package `keyring` offers it."""

    def get_password(self, service: str, name: str) -> Optional[str]:
        """The secret; None when there is none."""

    def set_password(self, service: str, name: str, secret: str) -> None:
        """Keeps the secret."""

    def delete_password(self, service: str, name: str) -> None:
        """Forgets the secret."""


def system_ring() -> Optional[Ring]:
    """The keyring of this system; None without the package or without a keyring that really keeps secrets."""
    try:
        import keyring
    except ImportError:
        return None
    ring: Ring = keyring.get_keyring()
    return ring if float(getattr(ring, "priority", 0)) >= 1 else None


def kept_key(ring: Optional[Ring], name: str) -> str:
    """A provider's key out of the keyring; empty when it has none. Raises IpthreatError when it cannot be reached."""
    if ring is None:
        raise IpthreatError(f"the key of {name} is in a keyring that cannot be reached here: pip install keyring")
    return ring.get_password(SERVICE, name) or ""
