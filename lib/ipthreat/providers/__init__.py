"""The providers there are, by name: one visible registry. A provider's module is loaded when the provider is used."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, Callable, Iterator, Mapping, TypeVar

from .base import LiveProvider, Provider

Kind = TypeVar("Kind", bound=Provider)

# Name → module and class. Reports and Splunk's commands need few of them, and all of them take 30 ms to load.
_LIVE: Mapping[str, str] = {
    "virustotal": "virustotal:VirusTotal",
    "abuseipdb": "abuseipdb:AbuseIPDB",
    "greynoise": "greynoise:GreyNoise",
    "otx": "otx:Otx",
    "crowdsec": "crowdsec:CrowdSec",
    "criminalip": "criminalip:CriminalIp",
    "internetdb": "shodan:InternetDb",
    "shodan": "shodan:Shodan",
    "threatfox": "threatfox:ThreatFox",
    "urlhaus": "urlhaus:UrlHaus",
    "feodo": "feodo:Feodo",
    "pulsedive": "pulsedive:Pulsedive",
    "ipqs": "ipqs:IpQualityScore",
    "ipinfo": "ipinfo:IpInfo",
    "rdap": "rdap:Rdap",
    "misp": "misp:Misp",
    "opencti": "opencti:OpenCti",
    "taxii": "taxii:Taxii",
}
_OTHERS: Mapping[str, str] = {
    "maxmind": "maxmind:MaxMind",
    "talos": "talos:Talos",
}


class Registry(Mapping[str, Kind]):
    """Name → provider, in the order of the tables above."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def __getitem__(self, name: str) -> Kind:
        found: Kind = _provider(self._places[name])
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@cache
def _provider(place: str) -> Any:
    """The one instance of the class at a place."""
    module, _, kind = place.partition(":")
    return getattr(import_module(f"{__name__}.{module}"), kind)()


LIVE: Registry[LiveProvider] = Registry(_LIVE)
"""Those that can be asked over HTTP."""

PROVIDERS: Registry[Provider] = Registry({**_LIVE, **_OTHERS})
"""All whose answers can be read."""


def with_third_parties(warn: Callable[[str], None]) -> Mapping[str, LiveProvider]:
    """LIVE and the providers that other distributions bring; `warn` gets a line for each that is left out."""
    from .plugins import installed

    return {**LIVE, **installed(PROVIDERS, warn)}


__all__ = ["LIVE", "PROVIDERS", "LiveProvider", "Provider", "Registry", "with_third_parties"]
