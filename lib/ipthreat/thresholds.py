"""The numbers at which behaviour in our own events becomes a finding."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """Chosen and explained, not fitted. Times are in seconds."""

    failed_logins: int = 5
    """A person who mistypes gives up or asks for help before the fifth failure; a guessing program goes on."""
    failed_requests: int = 10
    """The same for HTTP 401: browsers are answered 401 once or more before they send what they know."""
    login_window: int = 600
    """Failures further apart than this are not one attempt: fail2ban, too, looks at ten minutes."""
    weak_paths: int = 3
    """Distinct well-known weak paths (log-in pages of products) that the server does not have. One may be a mistake."""
    lost_paths: int = 15
    """Distinct paths that do not exist. A page with broken images loses a few, a word list hundreds."""
    lost_share: float = 0.5
    """… which must be this share of all events of the address: visitors find most of what they ask for."""
    scan_targets: int = 15
    """Distinct pairs of host and port on which the address got nowhere, met for the first time within the window."""
    scan_window: int = 600
    beacon_contacts: int = 8
    """Seven intervals are the least in which regularity is not luck."""
    beacon_period: int = 10
    """Shorter periods are keep-alives and retries, and whole seconds measure them badly."""
    beacon_jitter: float = 0.2
    """Median deviation of the intervals from their median, as a share of it. Timers with the usual ±20 % give 0.1,
    people 0.7 (intervals of a Poisson process)."""
    beacon_share: float = 0.7
    """This share of the intervals must lie within half of the median: a few missed beats are allowed."""
    volume_bytes: int = 50_000_000
    """Bytes out to one address that are worth a look: more than pages, forms and mail, less than a disk."""
    volume_ratio: float = 4.0
    """… and this many times what came back: uploads, not downloads."""
