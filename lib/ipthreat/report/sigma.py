"""Hunt queries of a case as Sigma rules, which convert into the language of any log store.

Specification: https://sigmahq.io/docs/basics/rules.html. Values are written as JSON strings, which YAML reads as they
are: nothing an attacker wrote can become part of the rule's structure.
"""

from __future__ import annotations

import json
import uuid
from typing import Iterator, List, Sequence, Tuple

from ..assessment import Assessment
from ..case import Case
from ..dossier import BehaviourKind
from ..priority import Priority
from ..version import __version__
from .blocklist import is_spared
from .prose import counted

_NAMESPACE = uuid.UUID("c0a4bd3e-6f5b-4b42-9a7e-3c1e62a5c9d7")
_MOST = 1000
"""Addresses in one rule: log stores refuse longer lists."""


def rules(case: Case) -> str:
    """The rules as YAML documents; a comment when no address belongs in one."""
    hunted = [item for item in case.raised if not is_spared(item)][:_MOST]
    if not hunted:
        return "# no address of High or Medium priority to hunt for\n"
    addresses = sorted(item.address for item in hunted)
    network = _rule(case, "network", "contact with an address judged hostile", ("category", "firewall"), hunted)
    web = _rule(case, "web", "request by an address judged hostile", ("category", "webserver"), hunted)
    ends = [("source", "src_ip", addresses), ("target", "dst_ip", addresses)]
    tools = _tools(hunted)
    clients = [("client", "c-ip", addresses), *([("tool", "cs-user-agent|contains", tools)] if tools else [])]
    return "---\n".join((_text(network, ends), _text(web, clients)))


def _tools(hunted: Sequence[Assessment]) -> List[str]:
    """The names of the attack tools these addresses used: our own words, not the attackers'."""
    kind = BehaviourKind.SUSPICIOUS_USER_AGENT
    return sorted(
        {name for item in hunted for own in item.dossier.behaviours if own.kind is kind for name in own.names}
    )


def _rule(case: Case, part: str, what: str, source: Tuple[str, str], hunted: Sequence[Assessment]) -> List[str]:
    """The head of a rule, down to its log source."""
    techniques = sorted({technique.id for item in hunted for technique in item.techniques})
    level = "high" if any(item.priority is Priority.HIGH for item in hunted) else "medium"
    names = counted(len(hunted), "address", "addresses")
    return [
        f"title: {_scalar(f'ipthreat: {what}')}",
        f"id: {uuid.uuid5(_NAMESPACE, f'{case.report_id} {part}')}",
        "status: experimental",
        f"description: {_scalar(f'{names} of report {case.report_id} ({case.tlp}), by ipthreat {__version__}')}",
        f"date: {case.as_of.strftime('%Y-%m-%d')}",
        *(["tags:", *(f"    - attack.{technique.lower()}" for technique in techniques)] if techniques else []),
        "logsource:",
        f"    {source[0]}: {source[1]}",
        f"level: {level}",
    ]


def _text(head: List[str], selections: Sequence[Tuple[str, str, List[str]]]) -> str:
    return "\n".join([*head, "detection:", *_selections(selections), "    condition: 1 of selection_*"]) + "\n"


def _selections(selections: Sequence[Tuple[str, str, List[str]]]) -> Iterator[str]:
    for name, field, values in selections:
        yield f"    selection_{name}:"
        yield f"        {field}:"
        yield from (f"            - {_scalar(value)}" for value in values)


def _scalar(text: str) -> str:
    return json.dumps(text)
