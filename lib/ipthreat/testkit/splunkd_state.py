"""What the stand-in for splunkd knows: users, passwords, settings, collections, messages, jobs, indexed events."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

from .splunkd_kv import Collection

SYSTEM = "splunk-system-user"
"""Who acts with the token that splunkd gives to a handler with `passSystemAuth`."""
LOOKUP, ADMIN = "ipthreat_lookup", "ipthreat_admin"
"""The app's capabilities."""


class User(NamedTuple):
    """Somebody who may log in."""

    name: str
    password: str
    capabilities: FrozenSet[str] = frozenset()

    @property
    def is_admin(self) -> bool:
        """True for who may write settings and collections."""
        return "admin_all_objects" in self.capabilities


class Indexed(NamedTuple):
    """An event that was written to an index."""

    where: str
    sourcetype: str
    source: str
    host: str
    text: str


@dataclass
class State:
    """Everything, shared by the server's threads; hold `lock` to change it."""

    version: str = "9.4.1"
    users: Dict[str, User] = field(default_factory=dict)
    tokens: Dict[str, str] = field(default_factory=dict)
    """Session key → user name."""
    passwords: Dict[Tuple[str, str], str] = field(default_factory=dict)
    """(realm, name) → secret."""
    confs: Dict[str, Dict[str, Dict[str, str]]] = field(default_factory=dict)
    """File → stanza → key → value."""
    collections: Dict[str, Collection] = field(default_factory=dict)
    messages: Dict[str, Mapping[str, str]] = field(default_factory=dict)
    jobs: Dict[str, List[Dict[str, Any]]] = field(default_factory=dict)
    """Number of a search → its results."""
    results: List[Dict[str, Any]] = field(default_factory=list)
    """What every new job finds."""
    indexes: Dict[str, List[Indexed]] = field(default_factory=lambda: {"main": [], "summary": []})
    configured: bool = False
    """Whether the app has said that it is set up."""
    kv_status: int = 200
    """What the KV store answers with: 503 while it is starting or down."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        """There is an administrator, an analyst who may look up, one who may not, and splunkd itself."""
        everything = frozenset({"admin_all_objects", "list_storage_passwords", LOOKUP, ADMIN})
        self.add(User("admin", "changed", everything))
        self.add(User(SYSTEM, secrets.token_hex(8), everything))
        self.add(User("analyst", "changed", frozenset({"search", LOOKUP})))
        self.add(User("visitor", "changed", frozenset({"search"})))

    def add(self, user: User) -> None:
        """Adds a user, or replaces the one of that name."""
        self.users[user.name] = user

    def log_in(self, name: str) -> str:
        """A session key for a user."""
        with self.lock:
            key = secrets.token_hex(24)
            self.tokens[key] = name
            return key

    def expire(self, key: str) -> None:
        """Ends a session."""
        with self.lock:
            self.tokens.pop(key, None)

    def who(self, authorization: str) -> Optional[User]:
        """Whose session an Authorization header names; None for nobody's."""
        scheme, _, key = authorization.partition(" ")
        name = self.tokens.get(key) if scheme in ("Splunk", "Bearer") else None
        return self.users.get(name) if name else None

    def collection(self, name: str) -> Collection:
        """A collection, made when it is not there."""
        with self.lock:
            return self.collections.setdefault(name, Collection())
