"""The providers there are, by name: one visible registry."""

from __future__ import annotations

from typing import Callable, Dict, Mapping

from .abuseipdb import AbuseIPDB
from .base import LiveProvider, Provider
from .criminalip import CriminalIp
from .crowdsec import CrowdSec
from .feodo import Feodo
from .greynoise import GreyNoise
from .ipinfo import IpInfo
from .ipqs import IpQualityScore
from .maxmind import MaxMind
from .misp import Misp
from .opencti import OpenCti
from .otx import Otx
from .pulsedive import Pulsedive
from .rdap import Rdap
from .shodan import InternetDb, Shodan
from .talos import Talos
from .taxii import Taxii
from .threatfox import ThreatFox
from .urlhaus import UrlHaus
from .virustotal import VirusTotal

LIVE: Dict[str, LiveProvider] = {
    "virustotal": VirusTotal(),
    "abuseipdb": AbuseIPDB(),
    "greynoise": GreyNoise(),
    "otx": Otx(),
    "crowdsec": CrowdSec(),
    "criminalip": CriminalIp(),
    "internetdb": InternetDb(),
    "shodan": Shodan(),
    "threatfox": ThreatFox(),
    "urlhaus": UrlHaus(),
    "feodo": Feodo(),
    "pulsedive": Pulsedive(),
    "ipqs": IpQualityScore(),
    "ipinfo": IpInfo(),
    "rdap": Rdap(),
    "misp": Misp(),
    "opencti": OpenCti(),
    "taxii": Taxii(),
}
"""Those that can be asked over HTTP."""

PROVIDERS: Dict[str, Provider] = {
    **LIVE,
    "maxmind": MaxMind(),
    "talos": Talos(),
}
"""All whose answers can be read."""


def with_third_parties(warn: Callable[[str], None]) -> Mapping[str, LiveProvider]:
    """LIVE and the providers that other distributions bring; `warn` gets a line for each that is left out."""
    from .plugins import installed

    return {**LIVE, **installed(PROVIDERS, warn)}


__all__ = ["LIVE", "PROVIDERS", "LiveProvider", "Provider", "with_third_parties"]
