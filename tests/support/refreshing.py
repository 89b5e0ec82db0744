"""Drives the copy of a provider: hands in answers one after the other, and keeps what was asked for."""

from __future__ import annotations

from typing import Any, Iterable, List, Tuple, Union

from ipthreat.exchange import Request, Response
from ipthreat.providers.base import Failure
from ipthreat.providers.further import Refreshed, Refreshing


def refreshed(steps: Refreshing, answers: Iterable[Union[Response, Failure]]) -> Tuple[Refreshed, List[Request]]:
    """What the copy ends as, and the requests it took. A provider may ask for less than there are answers."""
    asked: List[Request] = []
    waiting: List[Any] = list(answers)
    try:
        asked.append(next(steps))
        while True:
            asked.append(steps.send(waiting.pop(0)))
    except StopIteration as end:
        return end.value, asked
