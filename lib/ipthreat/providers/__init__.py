"""The providers there are, by name: one visible registry."""

from __future__ import annotations

from typing import Dict

from .base import Provider
from .talos import Talos
from .virustotal import VirusTotal

PROVIDERS: Dict[str, Provider] = {
    "virustotal": VirusTotal(),
    "talos": Talos(),
}

__all__ = ["PROVIDERS", "Provider"]
