"""What Splunk 9.3 to 10.2 read of each conf file, as far as the app has any use for it: the part of `btool check` that
can be had without Splunk. The specifications that Splunk ships, `*.conf.spec`, are the source.

Stanza pattern → keys; patterns are those of fnmatch, as are keys. A file that is not here is not for this app.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Dict, FrozenSet

Keys = FrozenSet[str]
PYTHON = frozenset({"python.version", "python.required"})
"""The first is what Splunk before 10.2 reads, the second what later ones read."""
SCHEDULE = frozenset({"enableSched", "cron_schedule", "schedule_window"})
TRIGGER = frozenset({"counttype", "relation", "quantity", "alert.track", "alert.severity", "alert.digest_mode"})
SUPPRESSION = frozenset({"alert.suppress", "alert.suppress.fields", "alert.suppress.period"})
RISK = frozenset({"action.risk", *(f"action.risk.param.{name}" for name in ("_risk", "_risk_message", "verbose"))})
CORRELATION = frozenset(f"action.correlationsearch.{name}" for name in ("enabled", "label", "annotations"))


def _keys(text: str, *more: Keys) -> Keys:
    return frozenset(text.split()).union(*more)


_REPORT_LOOK = _keys("KV_MODE SHOULD_LINEMERGE LINE_BREAKER TIME_PREFIX TIME_FORMAT MAX_TIMESTAMP_LOOKAHEAD TRUNCATE")

ALLOWED: Dict[str, Dict[str, Keys]] = {
    "alert_actions": {
        "ipthreat_report": _keys(
            "is_custom label description icon_path payload_format alert.execute.cmd maxtime ttl track_alert param.*",
            PYTHON,
        )
    },
    "app": {
        "install": _keys("is_configured state build allows_disable"),
        "launcher": _keys("author description version"),
        "package": _keys("id check_for_updates"),
        "id": _keys("name version"),
        "triggers": _keys("reload.ipthreat"),
        "ui": _keys("is_visible label setup_view"),
        "diag": _keys("extension_script data_limit"),
    },
    "authorize": {
        "capability::ipthreat_*": _keys(""),
        "role_*": _keys("importRoles ipthreat_lookup ipthreat_admin"),
    },
    "collections": {"ipthreat_*": _keys("enforceTypes replicate field.* accelerated_fields.*")},
    # With chunked = true nothing else counts (commands.conf.spec).
    "commands": {"*": _keys("filename chunked is_risky maxwait maxchunksize run_in_preview", PYTHON)},
    "distsearch": {
        "replicationAllowlist": _keys("ipthreat_*"),
        "replicationDenylist": _keys("ipthreat_*"),
    },
    "eventtypes": {"ipthreat_*": _keys("search description priority")},
    "inputs": {
        "ipthreat_refresh_command": PYTHON,
        "ipthreat_refresh_command://*": _keys("disabled interval sourcetype index"),
    },
    "ipthreat": {
        "settings": _keys("default_mode own_networks policy allowlist"),
        "live": _keys(
            "providers budget timeout search_most user_day members reserve tlp ca_bundle plain_hosts",
        ),
        "feeds": _keys("names mirror"),
        "delivery": _keys("indexes private_hosts retries"),
    },
    "macros": {"ipthreat*": _keys("definition args iseval validation errormsg description")},
    "props": {
        "ipthreat:*": _REPORT_LOOK | _keys("EVAL-*"),
        "source::...ipthreat.log(.\\d+)?": _REPORT_LOOK | _keys("sourcetype"),
    },
    "restmap": {
        "script:ipthreat_*": _keys(
            "match script scripttype handler requireAuthentication passSystemAuth passPayload output_modes"
            " capability.get capability.post capability.put capability.delete",
            PYTHON,
        )
    },
    "savedsearches": {
        "IP Threat - *": _keys(
            "description disabled search dispatch.earliest_time dispatch.latest_time"
            " action.ipthreat_report action.ipthreat_report.param.*",
            SCHEDULE,
            TRIGGER,
            SUPPRESSION,
            RISK,
            CORRELATION,
        )
    },
    "searchbnf": {
        "*": _keys(
            "syntax simplesyntax alias description shortdesc usage category tags related"
            " example1 example2 example3 comment1 comment2 comment3"
        )
    },
    "server": {"shclustering": _keys("conf_replication_include.ipthreat"), "diag": _keys("EXCLUDE-ipthreat_*")},
    "tags": {"eventtype=ipthreat_*": _keys("alert report ipthreat audit egress")},
    "transforms": {"ipthreat_*": _keys("filename external_type collection fields_list match_type max_matches")},
    "web": {"expose:ipthreat_*": _keys("pattern methods")},
    "workflow_actions": {
        "ipthreat_*": _keys("type label fields eventtypes display_location link.uri link.target link.method")
    },
}


def known(conf: str, stanza: str, key: str) -> bool:
    """Whether a file may have this setting in this stanza. A stanza's own name goes before a pattern."""
    table = ALLOWED.get(conf, {})
    keys = table.get(stanza) or next((keys for name, keys in table.items() if fnmatchcase(stanza, name)), frozenset())
    return any(fnmatchcase(key, pattern) for pattern in keys)
