"""Autonomous systems: id → (number, organisation, name).

    asn.number  u32[n]    number of the system; ids 0 to 2 stand for none
    asn.offset  u32[n+1]  where its text begins
    asn.text    UTF-8     organisation, NUL, name

The two texts often hold each other, so the name may say U+0001 for the organisation within it, or the organisation
U+0002 for the name within it.
"""

from __future__ import annotations

from itertools import accumulate
from typing import List, NamedTuple, Sequence, Tuple

from .layout import Container, little
from .ranges import FIRST_ID

ORGANISATION_MARK, NAME_MARK = "\x01", "\x02"


class System(NamedTuple):
    """One autonomous system, in the order that an `Answer` begins with."""

    asn: int
    organisation: str
    as_name: str


NO_SYSTEM = System(0, "", "")


class Systems:
    """The systems of an open file."""

    def __init__(self, container: Container) -> None:
        self._numbers = container.numbers("asn.number", "I")
        self._offsets = container.numbers("asn.offset", "I")
        self._text = container.numbers("asn.text", "B")
        if len(self._offsets) != len(self._numbers) + 1:
            raise container.fault("the sections of asn do not fit each other")

    def system(self, number: int) -> Tuple[int, str, str]:
        """The system with an id. Raises IndexError or ValueError when the file is damaged."""
        organisation, name = str(self._text[self._offsets[number] : self._offsets[number + 1]], "utf-8").split("\0")
        if NAME_MARK in organisation:
            organisation = organisation.replace(NAME_MARK, name)
        elif ORGANISATION_MARK in name:
            name = name.replace(ORGANISATION_MARK, organisation)
        return self._numbers[number], organisation, name


def pack_systems(systems: Sequence[System]) -> List[Tuple[str, bytes]]:
    """The sections for these systems, which get the ids from `FIRST_ID` on"""
    every = [*[NO_SYSTEM] * FIRST_ID, *systems]
    texts = [_text(system) for system in every]
    return [
        ("asn.number", little("I", (system.asn for system in every))),
        ("asn.offset", little("I", accumulate((len(text) for text in texts), initial=0))),
        ("asn.text", b"".join(texts)),
    ]


def _text(system: System) -> bytes:
    organisation, name = clean(system.organisation), clean(system.as_name)
    if organisation and organisation in name:
        name = name.replace(organisation, ORGANISATION_MARK)
    elif name and name in organisation:
        organisation = organisation.replace(name, NAME_MARK)
    return f"{organisation}\0{name}".encode()


def clean(text: str) -> str:
    """A text from outside without control characters, runs of white space made one space."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
