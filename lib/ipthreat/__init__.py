"""IP threat intelligence: one library behind the Splunk app, the notebooks and the command line.

    record → address → gather → Dossier → assess → Assessment → render → reports

`Judge` runs the whole of it; `assess` judges one dossier; `explain` and `counterfactual` tell why. Names are loaded
when they are first used, so that `import ipthreat` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Dict

from .version import __version__

if TYPE_CHECKING:
    from .assessment import Assessment, assess
    from .case import Case
    from .dossier import Dossier, Evidence, Status, Verdict
    from .errors import IpthreatError
    from .explanation import counterfactual, explain
    from .intelligence import Intelligence
    from .judge import Judge
    from .policy import Policy, policy_named
    from .priority import Priority, Severity
    from .snapshot import Snapshot

_HOME: Dict[str, str] = {
    "Assessment": "assessment",
    "Case": "case",
    "Dossier": "dossier",
    "Evidence": "dossier",
    "Intelligence": "intelligence",
    "IpthreatError": "errors",
    "Judge": "judge",
    "Policy": "policy",
    "Priority": "priority",
    "Severity": "priority",
    "Snapshot": "snapshot",
    "Status": "dossier",
    "Verdict": "dossier",
    "assess": "assessment",
    "counterfactual": "explanation",
    "explain": "explanation",
    "policy_named": "policy",
}


def __getattr__(name: str) -> Any:
    """Loads a public name from its module (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


__all__ = [
    "Assessment",
    "Case",
    "Dossier",
    "Evidence",
    "Intelligence",
    "IpthreatError",
    "Judge",
    "Policy",
    "Priority",
    "Severity",
    "Snapshot",
    "Status",
    "Verdict",
    "__version__",
    "assess",
    "counterfactual",
    "explain",
    "policy_named",
]
