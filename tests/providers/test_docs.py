"""The page about the providers says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from answers import ADDRESS, SELF_HOSTED

from ipthreat.dossier import Status
from ipthreat.providers import LIVE, PROVIDERS
from ipthreat.testkit.providers import CANARY

PAGE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
ROWS = {
    cells[1].strip("`"): cells
    for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines())
    if len(cells) == 9 and cells[1].startswith("`")
}
SPANS = ("second", "minute", "day", "month")


def test_the_table_has_every_provider_in_the_order_of_the_registry():
    assert list(ROWS) == list(PROVIDERS)
    assert [cells[0] for cells in ROWS.values()] == [provider.title for provider in PROVIDERS.values()]


@pytest.mark.parametrize("name", LIVE)
def test_keys_batches_quotas_versions_and_labels_are_those_of_the_code(name):
    provider, (_, _, _, key, batch, quota, ipv6, _, label) = LIVE[name], ROWS[name]
    request = provider.question([ADDRESS], SELF_HOSTED)
    in_query = any(CANARY in value for value in request.params.values())
    assert key == ("none" if "key" not in provider.needs else "query" if in_query else "header")
    numbers = {int(number.replace(",", "")) for number in re.findall(r"[0-9][0-9,]*", batch)}
    assert max(numbers) == provider.batch
    if provider.quota:
        assert quota == ", ".join(f"{most:,} a {span}" for span, most in provider.quota.items())
    assert (ipv6 != "no") == provider.supports("2001:db8::7")
    assert label == provider.tlp


def test_the_statuses_on_the_page_exist():
    section = PAGE.partition("## What an answer becomes")[2].partition("##")[0]
    told = set(re.findall(r"\| `([a-z_]+)`", section))
    assert told <= {status.value for status in Status}
    assert {"ok", "not_found", "auth_error", "forbidden", "rate_limited", "error", "unsupported"} <= told


@pytest.mark.parametrize("plan", ["community", "premium", "core"])
def test_the_plans_on_the_page_are_those_that_the_code_knows(plan):
    sources = Path(__file__).parents[2] / "lib" / "ipthreat" / "providers"
    code = "".join(path.read_text(encoding="utf-8") for path in sources.glob("*.py"))
    assert f"`plan = {plan}`" in PAGE
    assert f'"{plan}"' in code
