"""What a judgement in a notebook stands on: the data at hand, policy, moment, evidence, allow-list, live sources.

A notebook is an edge, as the command line is: here the environment, the clock and the user's files are read, once, into
one frozen value.
"""

from __future__ import annotations

import atexit
import os
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from ..agents import AgentTable
from ..allowlist import Allowlist
from ..behaviour import OWN_NETWORKS, Observer
from ..commands.ground import lists_file, now
from ..commands.judging import as_of as moment_in
from ..commands.judging import recorded
from ..commands.local import local_files
from ..commands.sources import opened as opened_live
from ..connecting import Wish
from ..dossier import Dossier, Evidence
from ..gather import Gatherer, RecordedSource, Source
from ..intelligence import Intelligence
from ..judge import Judge
from ..live import Live
from ..localfiles import NO_FILES, Local
from ..policy import Policy, policy_named
from ..reading import own_networks
from .kept import Kept

Place = Union[str, "PathLike[str]"]
Moment = Union[None, str, datetime]
Places = Union[Place, Iterable[Place]]


@dataclass(frozen=True)
class Ground:
    """One basis for enrichment, assessment and checks: pass it as `on=` where several cells share it."""

    intelligence: Intelligence
    policy: Policy
    as_of: datetime
    answers: Mapping[str, Tuple[Evidence, ...]] = field(default_factory=dict)
    """Recorded provider answers by address."""
    allowlist: Allowlist = field(default_factory=Allowlist)
    sources: Tuple[Source, ...] = ()
    """Anything else that can be asked about an address; an answer is asked for once per process."""
    live: Optional[Live] = None
    """The providers that are configured, asked about what matters most; their answers are kept, so that a cell that is
    run again, also after an interruption, asks nothing twice."""
    lists: Optional[Path] = None
    """The file of the user's compiled lists, whether it exists or not."""
    local: Local = NO_FILES
    """Databases and the block list of the user, looked up on this machine."""

    @classmethod
    def of(
        cls,
        policy: Union[str, Policy] = "standard",
        as_of: Moment = None,
        evidence: Places = (),
        allowlist: Optional[Place] = None,
        sources: Sequence[Source] = (),
        live: bool = False,
        budget: Optional[int] = None,
        environment: Mapping[str, str] = os.environ,
    ) -> Ground:
        """From names and files, as the options of the command line have them.

        `as_of` is a datetime (UTC where it names no zone), an ISO time, or an ISO date, whose end is meant; now if left
        out. `live` asks the configured providers about at most `budget` new addresses (docs/live.md). Raises an
        InputError in one sentence for a name or file that cannot be used.
        """
        moment = _moment(as_of)
        files = (
            [os.fspath(evidence)] if isinstance(evidence, (str, PathLike)) else [os.fspath(item) for item in evidence]
        )
        allowed = Allowlist.read(Path(allowlist), moment) if allowlist is not None else Allowlist()
        chosen = policy_named(policy) if isinstance(policy, str) else policy
        kept = tuple(Kept.of(source) for source in sources)
        lists = lists_file(environment)
        asked = _opened_live(environment, chosen, moment, budget) if live else None
        local = local_files(environment)
        return cls(opened(lists), chosen, moment, recorded(files, moment), allowed, kept, asked, lists, local)

    @property
    def asks(self) -> bool:
        """True when somebody beyond this machine's files may be asked."""
        return bool(self.sources or self.live)

    @property
    def gatherer(self) -> Gatherer:
        """The sources in their order: embedded data and lists, recorded answers, whatever else was given."""
        answers = RecordedSource(self.answers, self.local.blocklist)
        here = (*self.intelligence.sources(self.as_of), *self.local.sources, answers)
        return Gatherer((*here, *self.sources), self.allowlist, self.live)

    @property
    def judge(self) -> Judge:
        """The main job on this ground."""
        return Judge(self.gatherer, self.policy, self.as_of, self.intelligence.parts())

    def observer(self, own: Sequence[str] = ()) -> Observer:
        """An observer of all events, as the command line uses it. Raises InputError for a text that is no network."""
        return Observer(
            (*OWN_NETWORKS, *map(str, own_networks(own))),
            is_c2=self.intelligence.is_c2,
            agents=AgentTable.build(self.intelligence.agents()),
            crawler_ranges=self.intelligence.crawler_ranges,
            owner=self.intelligence.owner,
        )

    def without_live(self) -> Ground:
        """The same with nobody to ask."""
        return replace(self, live=None)

    def under(self, policy: Policy) -> Ground:
        """The same under another policy."""
        return replace(self, policy=policy)

    def dossiers(self, addresses: Iterable[str]) -> List[Dossier]:
        """All that is known of each distinct address, without events."""
        return list(self.gatherer.gather(addresses, {}, None))


def _opened_live(environment: Mapping[str, str], policy: Policy, moment: datetime, budget: Optional[int]) -> Live:
    """The live sources of this user, closed when the notebook ends. Raises InputError where none is configured."""
    live, _ = opened_live(environment, Wish(budget=budget, policy=policy, as_of=moment))
    atexit.register(live.close)
    return live


def _moment(value: Moment) -> datetime:
    if value is None:
        return now()
    if isinstance(value, datetime):
        stamp = value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)
        return datetime.fromtimestamp(stamp.timestamp(), timezone.utc)  # a pandas Timestamp becomes a plain datetime
    return moment_in(value)


def opened(lists: Optional[Path]) -> Intelligence:
    """The embedded snapshot and the user's lists, opened once and again when `ipthreat update` made new lists."""
    try:
        stamp = lists.stat().st_mtime_ns if lists else 0
    except OSError:
        stamp = 0
    return _opened(lists, stamp)


@lru_cache(maxsize=2)
def _opened(lists: Optional[Path], _stamp: int) -> Intelligence:
    return Intelligence.opened(lists).for_events()


__all__: List[str] = ["Ground", "Moment", "Place", "Places", "opened"]
