"""Writes small MaxMind databases (format 2.0, IPv6 tree, 32-bit records), for tests that read them."""

from __future__ import annotations

import ipaddress
from typing import Dict, List, Mapping, Tuple, Union

Value = Union[str, int, Mapping[str, "Value"], List[str]]
Node = List[Union["Node", int, None]]
"""Two branches: a node, the offset of a record, or None for nothing."""

MAP, TEXT, UINT32, ARRAY = 7, 2, 6, 11
UINT16, UINT64 = 5, 9
METADATA_KINDS = {"node_count": UINT32, "build_epoch": UINT64}
"""Type of a number in the description; the others are UINT16. Readers insist on it."""
MARKER = b"\xab\xcd\xefMaxMind.com"
SEPARATOR = bytes(16)


def write_mmdb(rows: Mapping[str, Mapping[str, Value]]) -> bytes:
    """The bytes of a database: network → record. IPv4 networks lie under ::/96, as readers expect."""
    root: Node = [None, None]
    data, offsets = bytearray(), {}  # type: bytearray, Dict[bytes, int]
    for text, record in rows.items():
        packed = encode(record)
        if packed not in offsets:
            offsets[packed] = len(data)
            data += packed
        _insert(root, *_bits(text), offsets[packed])
    nodes = _numbered(root)
    tree = b"".join(_branch(side, nodes).to_bytes(4, "big") for node in nodes.values() for side in node[1])
    description: Dict[str, Value] = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": 1,
        "database_type": "test",
        "description": {},
        "ip_version": 6,
        "languages": [],
        "node_count": len(nodes),
        "record_size": 32,
    }
    typed = (encode(key) + encode(value, METADATA_KINDS.get(key, UINT16)) for key, value in description.items())
    return tree + SEPARATOR + bytes(data) + MARKER + _head(MAP, len(description)) + b"".join(typed)


def encode(value: Value, kind: int = UINT32) -> bytes:
    """A value in the data format of the database; `kind` is the type of a number."""
    if isinstance(value, str):
        content = value.encode()
        return _head(TEXT, len(content)) + content
    if isinstance(value, int):
        content = value.to_bytes(8, "big").lstrip(b"\0")
        return _head(kind, len(content)) + content
    if isinstance(value, list):
        return _head(ARRAY, len(value)) + b"".join(encode(item) for item in value)
    return _head(MAP, len(value)) + b"".join(encode(item) for pair in value.items() for item in pair)


def _head(kind: int, size: int) -> bytes:
    length, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return (bytes([kind << 5 | length]) if kind < 8 else bytes([length, kind - 7])) + more


def _bits(text: str) -> Tuple[int, int]:
    network = ipaddress.ip_network(text)
    return int(network[0]), network.prefixlen + (96 if network.version == 4 else 0)


def _insert(node: Node, address: int, length: int, record: int) -> None:
    for depth in range(length - 1):
        side = address >> 127 - depth & 1
        if node[side] is None:
            node[side] = [None, None]
        node = node[side]  # type: ignore[assignment]
    node[address >> 128 - length & 1] = record


def _numbered(root: Node) -> Dict[int, Tuple[int, Node]]:
    """Identity of every node → its number and the node, in order of the numbers."""
    found: Dict[int, Tuple[int, Node]] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        found[id(node)] = (len(found), node)
        waiting += [side for side in node if isinstance(side, list)]
    return found


def _branch(side: Union[Node, int, None], nodes: Dict[int, Tuple[int, Node]]) -> int:
    if side is None:
        return len(nodes)
    return nodes[id(side)][0] if isinstance(side, list) else len(nodes) + len(SEPARATOR) + side
