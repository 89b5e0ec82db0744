"""Logs in, observations out: reads every file once, in constant memory, with a progress bar on a terminal."""

from __future__ import annotations

import ipaddress
from collections import Counter
from datetime import datetime
from pathlib import PurePath
from typing import List, Optional, Sequence, Tuple, Union

from .agents import AgentTable
from .behaviour import OWN_NETWORKS, Observer
from .case import EventsRead
from .errors import InputError
from .events import EventStream, open_events
from .intelligence import Intelligence
from .terminal import Progress

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

LATER = "later than the time of the report"
"""Why an event that can be read was left out."""
DAY = 86400.0


def own_networks(texts: Sequence[str]) -> Tuple[Network, ...]:
    """The analyst's own networks, beside the private ones. Raises InputError for a text that is no prefix."""
    found = []
    for text in texts:
        try:
            found.append(ipaddress.ip_network(text.strip(), strict=False))
        except ValueError:
            raise InputError(f"--own: {text[:60]!r} is no network, such as 203.0.113.0/24") from None
    return tuple(found)


def observe(
    files: Sequence[str],
    intelligence: Intelligence,
    as_of: datetime,
    own: Sequence[str] = (),
    field: Optional[str] = None,
    form: Optional[str] = None,
) -> Tuple[Observer, EventsRead]:
    """Reads the files (`-` is standard input) one after the other. Raises EventsError for one that cannot be read.

    Events later than as-of (by more than a day: clocks differ) are left out and counted among the skipped.
    """
    observer = Observer(
        (*OWN_NETWORKS, *map(str, own_networks(own))),
        is_c2=intelligence.is_c2,
        agents=AgentTable.build(intelligence.agents()),
        crawler_ranges=intelligence.crawler_ranges,
        owner=intelligence.owner,
    )
    read, skipped, names, forms = 0, Counter[str](), [], []
    for file in files:
        with open_events(file, as_of=as_of, field=field, format=form) as stream:
            skipped[LATER] += _add_all(stream, observer, as_of.timestamp() + DAY)
        read += stream.read
        skipped.update(stream.skipped)
        names.append(PurePath(stream.name).name)  # a report is passed on: where the file lies is nobody's business
        forms.append(stream.format.value)
    told = EventsRead(_joined(names), _joined(forms), read, dict(+skipped), crowded_out=observer.crowded_out)
    return observer, told


def _add_all(stream: EventStream, observer: Observer, latest: float) -> int:
    """Shows the observer all events up to `latest` (seconds since the epoch), and says how many were later."""
    later = 0
    with Progress(stream.size) as progress:
        for rows in stream.batches():
            kept = [row for row in rows if row[1] is None or row[1] <= latest]
            observer.add_all(kept)
            later += len(rows) - len(kept)
            progress.at(stream.bytes_read, stream.read)
    return later


def _joined(words: List[str]) -> str:
    return ", ".join(dict.fromkeys(words))
