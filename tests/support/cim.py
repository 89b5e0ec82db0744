"""The field lists of the Common Information Model that the app's events must fit.

Names and values are those of the JSON files that pytest-splunk-addon 8.0.0 carries (data_models/Alerts.json, CIM's data
model Alerts). `tests/splunk/test_cim.py` compares them with that package where it is installed.
"""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Mapping, NamedTuple

SOURCE = "pytest-splunk-addon 8.0.0"


class Model(NamedTuple):
    """A data model's fields."""

    tag: str
    required: FrozenSet[str]
    optional: FrozenSet[str]
    values: Mapping[str, FrozenSet[str]]
    """Field → the values it may have, where they are prescribed."""


ALERTS = Model(
    "alert",
    frozenset(["app", "description", "dest", "id", "severity", "signature", "signature_id", "src", "type", "user"]),
    frozenset(
        [
            "body",
            "dest_type",
            "mitre_technique_id",
            "severity_id",
            "src_type",
            "subject",
            "user_name",
            "vendor_account",
            "vendor_region",
        ]
    ),
    {
        "severity": frozenset({"critical", "high", "medium", "low", "informational"}),
        "type": frozenset({"alarm", "alert", "event", "task", "warning"}),
    },
)


def model_of(told: Mapping[str, Any]) -> Model:
    """The model in one of that package's files."""
    (root,) = told["objects"]
    kinds: Dict[str, FrozenSet[str]] = {
        kind: frozenset(field["name"] for field in root["fields"] if field["type"] == kind)
        for kind in ("required", "optional")
    }
    values = {f["name"]: frozenset(f["expected_values"]) for f in root["fields"] if "expected_values" in f}
    return Model(root["tags"][0][0], kinds["required"], kinds["optional"], values)
