"""Range tables: every address of IPv4 and IPv6 → a number below 2^32.

A table is given as rows (first address, id), ascending, the first at address 0; a row holds up to the next one. Id 0
means "nothing known"; ids 1 and 2 are taken by the file. In a file called `x`:

    x4.index  u32[65537]  rows that begin before each /16; entry b and b+1 bound the rows of /16 number b
    x4.low    u16[n]      low half of the first address
    x6.top    u32[t]      top 32 bits of the first addresses, distinct, ascending
    x6.index  u32[t+1]    as x4.index, per entry of x6.top
    x6.low    u32[n]      the next 32 bits of the first address
    x6n.*     rows of each /64 that is no single row: top u64, index u32, low u64 (the low half of the address);
              the /64 itself has id 1 in x6
    *.id      u16[n]      id of the row, 2 when it is above 65535; then
    *.far     u32[f]      has the row's number, ascending, and
    *.farid   u32[f]      its id

So an IPv4 row takes 4 bytes, and a look-up is one index read and a bisection of a few rows. Two thirds of the /16s lie
within one row, which two tables tell at once, the first for tables that are asked for networks:

    x4.net    u16[65536]  number of the network around the /16; 0 when it must be searched
    x4.netid  u32[k]      id of a network; network 1 is where nothing is known
    x4.netbits u8[k]      host bits of a network
    x4.whole  u16[65536]  id of the /16; 1 when it must be searched

The network of an address is the largest prefix that holds it and lies within its row. Its host bits follow from the
nearest addresses outside the row: a prefix around x with k host bits avoids y when x and y differ at bit k or above.
Where a row leaves the /16, /32 or /64 that is searched, clipping it there changes nothing as long as one of its ends
lies inside, because the largest prefix then lies inside too. What `net` holds is the other case for IPv4;
for IPv6 the neighbouring rows are at hand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import groupby
from typing import Dict, Iterable, Iterator, List, Sequence, Tuple

from .layout import Container, Numbers, little

Row = Tuple[int, int]
"""First address and id."""

NOTHING, NESTED, FAR, FIRST_ID = 0, 1, 2, 3
FIRST_NETWORK, NOWHERE = 2, (0, 0, 0)
WORD, LONG = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
BUCKETS_4 = 1 << 16


class Ids:
    """The ids of the rows of one table. `near` is for the hot path: where it says FAR, ask `far`."""

    def __init__(self, container: Container, name: str) -> None:
        self.near = container.numbers(f"{name}.id", "H")
        self._rows = container.numbers(f"{name}.far", "I")
        self._ids = container.numbers(f"{name}.farid", "I")
        if len(self._rows) != len(self._ids):
            raise container.fault(f"the sections of {name} do not fit each other")

    def __getitem__(self, row: int) -> int:
        number = self.near[row]
        return self.far(row) if number == FAR else number

    def __len__(self) -> int:
        return len(self.near)

    def far(self, row: int) -> int:
        """The id of a row whose id does not fit 16 bits."""
        return self._ids[bisect_left(self._rows, row)]


class Ranges4:
    """The IPv4 rows of a table, as views of the file. An address is given in two halves of 16 bits."""

    def __init__(self, container: Container, name: str) -> None:
        self.index = container.numbers(f"{name}4.index", "I")
        self.low = container.numbers(f"{name}4.low", "H")
        self.ids = Ids(container, f"{name}4")
        self._hot = (self.index, self.low, self.ids.near)
        _fit(container, f"{name}4", self.index, BUCKETS_4, self.low, self.ids)

    def find(self, bucket: int, part: int) -> int:
        """Id of the row that holds an address."""
        return self.ids[bisect_right(self.low, part, self.index[bucket], self.index[bucket + 1]) - 1]

    def place(self, bucket: int, part: int) -> Tuple[int, int]:
        """Id of the row that holds an address, and the host bits of its network where `net` has none."""
        index, low, ids = self._hot
        start, stop = index[bucket], index[bucket + 1]
        after = bisect_right(low, part, start, stop)
        row = after - 1
        below = part ^ (low[row] - 1 if after > start else -1) & 0x1FFFF
        above = part ^ (low[after] if after < stop else 0x10000)
        number = ids[row]
        bits = (below if below < above else above).bit_length() - 1
        return (self.ids.far(row) if number == FAR else number), bits


class Networks4:
    """The networks around the /16s that need no search, as views of the file."""

    def __init__(self, container: Container, name: str) -> None:
        self.numbers = container.numbers(f"{name}4.net", "H")
        self.ids = container.numbers(f"{name}4.netid", "I")
        self.bits = container.numbers(f"{name}4.netbits", "B")
        if len(self.numbers) != BUCKETS_4 or not FIRST_NETWORK <= len(self.ids) == len(self.bits):
            raise container.fault(f"the sections of {name}4.net do not fit each other")


class Ranges6:
    """The IPv6 half of a table, as views of the file.

    An address is given in three numbers: its top 32 bits, the next 32 bits, and its lower half.
    """

    def __init__(self, container: Container, name: str) -> None:
        tops, index = container.numbers(f"{name}6.top", "I"), container.numbers(f"{name}6.index", "I")
        low, self._ids = container.numbers(f"{name}6.low", "I"), Ids(container, f"{name}6")
        _fit(container, f"{name}6", index, len(tops), low, self._ids)
        self._hot = (tops, index, low, self._ids.near)
        self._inner_top = container.numbers(f"{name}6n.top", "Q")
        self._inner_index = container.numbers(f"{name}6n.index", "I")
        self._inner_low = container.numbers(f"{name}6n.low", "Q")
        self._inner_ids = Ids(container, f"{name}6n")
        _fit(container, f"{name}6n", self._inner_index, len(self._inner_top), self._inner_low, self._inner_ids)

    def find(self, top: int, middle: int, lower: int) -> int:
        """Id of the row that holds an address."""
        tops, index, low, ids = self._hot
        bucket = bisect_right(tops, top) - 1
        if tops[bucket] == top:
            row = bisect_right(low, middle, index[bucket], index[bucket + 1]) - 1
        else:  # beyond the last row of a bucket that row holds, up to the next bucket
            row = index[bucket + 1] - 1
        number = ids[row]
        if number == NESTED:
            return self._find_inner(top << 32 | middle, lower)[0]
        return self._ids.far(row) if number == FAR else number

    def place(self, top: int, middle: int, lower: int) -> Tuple[int, int]:
        """Id of the row that holds an address, and the host bits of the address's network."""
        tops, index, low, ids = self._hot
        bucket = bisect_right(tops, top) - 1
        start, stop, held = index[bucket], index[bucket + 1], tops[bucket]
        after = bisect_right(low, middle, start, stop) if held == top else stop
        number = ids[after - 1]
        if number == NOTHING:
            return NOTHING, 128
        if number == NESTED:
            return self._find_inner(top << 32 | middle, lower)
        if number == FAR:
            number = self._ids.far(after - 1)
        first = held << 32 | low[after - 1] if after > start else held << 32
        if after < stop:
            end = held << 32 | low[after]
        else:
            end = tops[bucket + 1] << 32 | low[stop] if stop < len(low) else LONG + 1
        return number, 64 + host_bits(top << 32 | middle, first, end, LONG)

    def _find_inner(self, upper: int, lower: int) -> Tuple[int, int]:
        block = bisect_left(self._inner_top, upper)
        start, stop = self._inner_index[block], self._inner_index[block + 1]
        row = bisect_right(self._inner_low, lower, start, stop) - 1
        after = self._inner_low[row + 1] if row + 1 < stop else LONG + 1
        return self._inner_ids[row], host_bits(lower, self._inner_low[row], after, LONG)


def whole_16s(container: Container, name: str) -> Numbers:
    """The section `whole` of a table."""
    whole = container.numbers(f"{name}4.whole", "H")
    if len(whole) != BUCKETS_4:
        raise container.fault(f"section {name}4.whole has the wrong size")
    return whole


def host_bits(address: int, first: int, after: int, limit: int) -> int:
    """Host bits of the largest prefix that holds `address` between `first` and the address before `after`.

    `limit` is the largest address: the one before address 0 counts as lying beyond it.
    """
    below = address ^ (first - 1 if first else 2 * limit + 1)
    above = address ^ after
    return (below if below < above else above).bit_length() - 1


def pack_ranges(name: str, rows4: Sequence[Row], rows6: Sequence[Row]) -> List[Tuple[str, bytes]]:
    """The sections of the rows. Neighbouring rows must differ in id, or networks come out too small."""
    return [
        (f"{name}4.index", little("I", _index((start >> 16 for start, _ in rows4), range(BUCKETS_4)))),
        (f"{name}4.low", little("H", (start & 0xFFFF for start, _ in rows4))),
        *_pack_ids(f"{name}4", [number for _, number in rows4]),
        *_pack6(name, rows6),
    ]


def pack_whole(name: str, rows: Sequence[Row]) -> List[Tuple[str, bytes]]:
    """The section `whole` of a table."""
    whole = [NESTED] * BUCKETS_4
    for bucket, _, _, number in _whole(rows):
        whole[bucket] = number if number <= 0xFFFF else NESTED
    return [(f"{name}4.whole", little("H", whole))]


def pack_networks(name: str, rows: Sequence[Row]) -> List[Tuple[str, bytes]]:
    """The sections `net`, `netid` and `netbits` of a table."""
    around: Dict[int, Tuple[int, int, int]] = {}
    for bucket, first, after, number in _whole(rows):
        bits = host_bits(bucket << 16, first, after, WORD) if number else 0
        around[bucket] = (-bits, bucket << 16 >> bits if number else 0, number)
    # The largest first: where 16 bits cannot count them all, a /16 that is its own network may as well be searched.
    networks = sorted(set(around.values()) - {NOWHERE})[: 0xFFFF - FIRST_NETWORK]
    numbers = {NOWHERE: 1, **{network: number for number, network in enumerate(networks, FIRST_NETWORK)}}
    known = [NOWHERE] * FIRST_NETWORK + networks
    placed = {bucket: numbers.get(network, 0) for bucket, network in around.items()}
    return [
        (f"{name}4.net", little("H", (placed.get(bucket, 0) for bucket in range(BUCKETS_4)))),
        (f"{name}4.netid", little("I", (number for _, _, number in known))),
        (f"{name}4.netbits", bytes(-bits for bits, _, _ in known)),
    ]


def _whole(rows: Sequence[Row]) -> Iterator[Tuple[int, int, int, int]]:
    """Every /16 within one row: its number, the row's first address, the first one after the row, and the row's id."""
    for (first, number), (after, _) in zip(rows, [*rows[1:], (WORD + 1, NOTHING)]):
        for bucket in range(first + 0xFFFF >> 16, after >> 16):
            yield bucket, first, after, number


def _pack6(name: str, rows: Sequence[Row]) -> List[Tuple[str, bytes]]:
    outer, inner = _split(rows)
    tops = sorted({upper >> 32 for upper, _ in outer})
    blocks = sorted({start >> 64 for start, _ in inner})
    return [
        (f"{name}6.top", little("I", tops)),
        (f"{name}6.index", little("I", _index((upper >> 32 for upper, _ in outer), tops))),
        (f"{name}6.low", little("I", (upper & WORD for upper, _ in outer))),
        *_pack_ids(f"{name}6", [number for _, number in outer]),
        (f"{name}6n.top", little("Q", blocks)),
        (f"{name}6n.index", little("I", _index((start >> 64 for start, _ in inner), blocks))),
        (f"{name}6n.low", little("Q", (start & LONG for start, _ in inner))),
        *_pack_ids(f"{name}6n", [number for _, number in inner]),
    ]


def _split(rows: Sequence[Row]) -> Tuple[List[Row], List[Row]]:
    """Rows by /64 (upper half of the address, id) and the rows within the /64s that are no single row."""
    outer: List[Row] = []
    inner: List[Row] = []
    number = NOTHING
    for upper, group in groupby(rows, key=lambda row: row[0] >> 64):
        members = list(group)
        if len(members) == 1 and not members[0][0] & LONG:
            outer.append((upper, members[0][1]))
        else:
            if members[0][0] & LONG:
                inner.append((upper << 64, number))
            inner += members
            outer += [(upper, NESTED), (upper + 1, members[-1][1])]
        number = members[-1][1]
    return [row for row, after in zip(outer, [*outer[1:], (-1, 0)]) if row[0] != after[0] and row[0] <= LONG], inner


def _index(keys: Iterable[int], buckets: Sequence[int]) -> List[int]:
    """How many keys lie before each bucket, and how many there are; keys and buckets ascend, no key is in between."""
    counts = dict.fromkeys(buckets, 0)
    for key in keys:
        counts[key] += 1
    index = [0]
    for count in counts.values():
        index.append(index[-1] + count)
    return index


def _pack_ids(name: str, ids: Sequence[int]) -> List[Tuple[str, bytes]]:
    far = [(row, number) for row, number in enumerate(ids) if number > 0xFFFF]
    return [
        (f"{name}.id", little("H", (FAR if number > 0xFFFF else number for number in ids))),
        (f"{name}.far", little("I", (row for row, _ in far))),
        (f"{name}.farid", little("I", (number for _, number in far))),
    ]


def _fit(container: Container, name: str, index: Numbers, buckets: int, low: Numbers, ids: Ids) -> None:
    """Check that the sections of a table fit each other; reads one number only."""
    if len(index) != buckets + 1 or not len(low) == len(ids) == index[buckets]:
        raise container.fault(f"the sections of {name} do not fit each other")
