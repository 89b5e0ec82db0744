"""The bill of materials: every third-party package and data part inside the app, as CycloneDX 1.6 JSON.

https://cyclonedx.org/docs/1.6/json/ - without a time, so that the same sources give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from typing import Any, Dict, List, Mapping, Sequence

from .vendored import PACKAGES, Pin

_MANIFEST = "lib/ipthreat/snapshot/data/manifest.json"
_VERSION = "lib/ipthreat/version.py"
_SPDX = {"PDDL-1.0", "CC-BY-4.0", "CC0-1.0", "MIT", "Apache-2.0", "BSD-3-Clause", "MPL-2.0"}
# The data parts that come with the package index have the digest of their package, not of what is embedded.
_OF_A_PACKAGE = "ipthreat:package"


def bill(app: Mapping[str, bytes], wanted: Sequence[Pin]) -> bytes:
    """The bill of an app whose other files are these; its serial number is a function of them."""
    digest = hashlib.sha256()
    for name in sorted(app):
        digest.update(name.encode() + b"\0" + hashlib.sha256(app[name]).digest())
    reference = f"pkg:generic/ipthreat@{version_of(app)}"
    components = [*map(_package, wanted), *_data(json.loads(app[_MANIFEST]))]
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=digest.digest()[:16], version=4)}",
        "version": 1,
        "metadata": {"component": _application(reference, version_of(app))},
        "components": components,
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(item["bom-ref"] for item in components)},
            *({"ref": item["bom-ref"]} for item in components),
        ],
    }
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def version_of(app: Mapping[str, bytes]) -> str:
    """The version that the library in the app states."""
    match = re.search(rb'__version__ = "([^"]+)"', app[_VERSION])
    return match[1].decode() if match else "0"


def _application(reference: str, version: str) -> Dict[str, Any]:
    return {
        "type": "application",
        "bom-ref": reference,
        "name": "ipthreat",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }


def _package(pin: Pin) -> Dict[str, Any]:
    url = f"pkg:pypi/{pin.name}@{pin.version}"
    return {
        "type": "library",
        "bom-ref": url,
        "name": pin.name,
        "version": pin.version,
        "purl": url,
        "hashes": [{"alg": "SHA-256", "content": pin.sha256}],
        "licenses": [{"license": {"id": PACKAGES[pin.name].licence}}],
    }


def _data(manifest: Mapping[str, Any]) -> List[Dict[str, Any]]:
    return [_part(part) for part in manifest["parts"]]


def _part(part: Mapping[str, Any]) -> Dict[str, Any]:
    licence = part["licence"]
    found: Dict[str, Any] = {
        "type": "data",
        "bom-ref": f"data:{part['part']}",
        "name": part["part"],
        "version": part["date"] or part["version"] or "0",
        "description": part["upstream"],
        "licenses": [{"license": {"id" if licence in _SPDX else "name": licence}}],
    }
    if part["package"]:
        held = f"{part['package']} {part['version']} sha256:{part['sha256']}"
        found["properties"] = [{"name": _OF_A_PACKAGE, "value": held}]
    return found
