"""The techniques of a case as a layer for the ATT&CK Navigator.

Format: layer version 4.5 (https://github.com/mitre-attack/attack-navigator, layers/spec). A technique's score is the
number of addresses that showed it.
"""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from ..case import Case
from ..priority import Technique, techniques_of
from ..version import __version__
from .blocklist import utc
from .escape import defanged
from .prose import counted

_VERSIONS = {"attack": "17", "navigator": "5.1.0", "layer": "4.5"}
_NAMED = 5
"""Addresses that a comment spells out."""


def layer(case: Case) -> Dict[str, Any]:
    """The layer as plain data, ready for `json.dumps`."""
    shown = _shown(case)
    most = max((len(addresses) for _, addresses in shown), default=1)
    return {
        "name": case.title,
        "versions": _VERSIONS,
        "domain": "enterprise-attack",
        "description": f"{case.tlp} ipthreat {__version__}, report {case.report_id}, {utc(case.as_of)}",
        "techniques": [_technique(technique, addresses) for technique, addresses in shown],
        "gradient": {"colors": ["#fee6ce", "#a63603"], "minValue": 0, "maxValue": most},
        "hideDisabled": False,
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": True,
    }


def _shown(case: Case) -> List[Tuple[Technique, List[str]]]:
    """Each technique that our own events show, with the addresses that showed it, by the technique's id."""
    found: Dict[str, Tuple[Technique, List[str]]] = {}
    for item in case.assessments:
        for technique, _ in techniques_of(item.dossier.behaviours):
            found.setdefault(technique.id, (technique, []))[1].append(item.address)
    return [found[key] for key in sorted(found)]


def _technique(technique: Technique, addresses: List[str]) -> Dict[str, Any]:
    named = ", ".join(defanged(address) for address in addresses[:_NAMED])
    more = f" and {len(addresses) - _NAMED} more" if len(addresses) > _NAMED else ""
    return {
        "techniqueID": technique.id,
        "score": len(addresses),
        "comment": f"{technique.name}: {counted(len(addresses), 'address', 'addresses')} ({named}{more})",
        "enabled": True,
    }
