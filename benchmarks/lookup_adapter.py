"""Our side of a comparison of look-up libraries: `bench.py benchmarks/lookup_adapter.py` of ../shared/bench/msticpy.

The comparison needs pandas. A column of texts goes in, as it comes from a log; a frame with as many rows comes out.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, Mapping, Tuple

from ipthreat.connecting import Wish, open_live
from ipthreat.dossier import Dossier
from ipthreat.gather import Gatherer
from ipthreat.settings import LiveSettings, ProviderSettings

NAME = "ipthreat"
PLACES = {"virustotal": "/api/v3", "abuseipdb": "/api/v2"}
QUOTA = dict.fromkeys(("minute", "day", "month"), 10**6)
CONCURRENCY = 16


def make(base_url: str) -> Tuple[LiveSettings, Path]:
    """Settings for the fake server, and a folder for the store."""
    own = {
        name: ProviderSettings("benchmark-key", base_url + path, quota=QUOTA, concurrency=CONCURRENCY)
        for name, path in PLACES.items()
    }
    return LiveSettings(own, budget=10_000, timeout=600.0), Path(tempfile.mkdtemp())


def lookup(ground: Tuple[LiveSettings, Path], frame: Any, column: str) -> Tuple[int, int, Any]:
    """Rows out, rows with an answer over both providers, and the frame with a status per provider."""
    settings, folder = ground
    live = open_live(settings, folder, Wish(), lambda message: print(message, file=sys.stderr))
    texts = frame[column]
    known = [text if isinstance(text, str) else "" for text in texts]
    dossiers = list(Gatherer((), live=live).gather(known, {}, None))
    by_text = dict(_statuses(known, dossiers))
    out = frame.copy()
    for name in PLACES:
        out[name] = [by_text[text].get(name) for text in known]
    return len(out), int(sum((out[name] == "ok").sum() for name in PLACES)), out


def _statuses(texts: Any, dossiers: Any) -> Any:
    """(text, provider → status) of each text."""
    from ipthreat.gather import scoped

    found: Mapping[str, Dossier] = {dossier.address: dossier for dossier in dossiers}
    for text in dict.fromkeys(texts):
        statuses: Dict[str, str] = {item.source: item.status.value for item in found[scoped(text)[0]].evidence}
        yield text, statuses
