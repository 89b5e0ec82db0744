"""All that is remembered of one address."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import List, Optional, Sequence, Tuple, Type, TypeVar

from ..dossier import Behaviour, BehaviourKind, Sighting
from .aspect import Aspect, Context, utc
from .history import History
from .outbound import Contacts
from .sketches import UNDATED, Few, texts, with_text

AGENT_BITS = 20
"""An event is remembered as one number: its second, shifted by this, plus the number of its user agent."""

_AGENT_MASK = (1 << AGENT_BITS) - 1
_AGENTS_SHOWN = 5
_HOSTS_SHOWN = 5
_ORDER = {kind: place for place, kind in enumerate(BehaviourKind)}
_NO_ASPECTS: List[Aspect] = []

Found = TypeVar("Found", bound=Aspect)


class Tally:
    """What came of the events of one address. Each part is made when it is first needed."""

    __slots__ = ("_aspects", "_hosts", "bytes_out", "history")

    def __init__(self) -> None:
        self.bytes_out = 0
        self.history: Optional[History] = None
        self._hosts: Few = ()
        self._aspects = _NO_ASPECTS

    def see(self, second: int, agent: str, repeats: int) -> None:
        """Notes an event that happened `repeats` times."""
        self.history = self.history or History()
        self.history.add(second, repeats)
        if agent:
            self.history.add_agents([(agent, repeats)])

    def fold(self, recent: array[int], agents: Sequence[str]) -> None:
        """Takes in recent events and empties their array; `agents` are the texts of user agents by number.

        The first entry of `recent` is the number of bytes that went to the address, each other one an event.
        """
        self.bytes_out += recent[0]
        events = recent[1:]
        recent[0] = 0
        del recent[1:]
        if not events:
            return
        self.history = self.history or History()
        self.history.add_all([event >> AGENT_BITS for event in events])
        numbers = Counter([event & _AGENT_MASK for event in events])
        self.history.add_agents((agents[number], times) for number, times in numbers.items() if number)

    def aspect(self, kind: Type[Found]) -> Found:
        """The aspect of a kind, made when there is none yet."""
        for aspect in self._aspects:
            if type(aspect) is kind:
                return aspect
        made = kind()
        self._aspects = [*self._aspects, made]
        return made

    def host(self, name: str, second: int) -> None:
        """Notes one of our own hosts that took part."""
        self._hosts = with_text(self._hosts, second, name, _HOSTS_SHOWN)

    @property
    def count(self) -> int:
        """Events, without recent ones."""
        return self.history.count if self.history else 0

    @property
    def notable(self) -> bool:
        """True when there is more to it than counts, so that it is kept before others."""
        return any(aspect.notable for aspect in self._aspects)

    def merge(self, other: Tally) -> None:
        """Takes in what another one saw of the same address; recent events must have been folded."""
        self.bytes_out += other.bytes_out
        if other.history:
            self.history = self.history or History()
            self.history.merge(other.history)
        for second, host in other._hosts:
            self.host(host, second)
        for aspect in other._aspects:
            self.aspect(type(aspect)).merge(aspect)

    def sighting(self) -> Sighting:
        """When and how often the address was seen; recent events must have been folded."""
        history = self.history or History()
        dated = history.first != UNDATED
        return Sighting(
            history.count,
            utc(history.first) if dated else None,
            utc(history.last) if dated else None,
            tuple(history.agents(_AGENTS_SHOWN)),
            tuple([(utc(start), number) for start, number in history.timeline()]),
            self.bytes_out,
            sum(aspect.count for aspect in self._aspects if isinstance(aspect, Contacts)),
            texts(self._hosts),
        )

    def behaviours(self, context: Context) -> Tuple[Behaviour, ...]:
        """The findings, in the order of BehaviourKind. A verified crawler that misses pages is not probing."""
        found = [item for aspect in self._aspects for item in aspect.behaviours(context)]
        if any(item.kind is BehaviourKind.VERIFIED_CRAWLER for item in found):
            found = [item for item in found if item.kind is not BehaviourKind.WEB_PROBING]
        return tuple(sorted(found, key=lambda item: _ORDER[item.kind]))
