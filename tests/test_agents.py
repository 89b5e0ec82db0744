"""User agents: attack tools by name, crawlers by their claim, and everybody else left in peace."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipthreat.agents import NAMES, PHRASES, WHOLE, AgentTable, CrawlerClaim, tools_in

TOOLS = {
    "Mozilla/5.00 (Nikto/2.1.5) (Evasions:None) (Test:Port Check)": "nikto",
    "DirBuster-1.0-RC1 (http://www.owasp.org/index.php/Category:OWASP_DirBuster_Project)": "dirbuster",
    "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)": "nmap",
    "sqlmap/1.5.2#stable (http://sqlmap.org)": "sqlmap",
    "masscan/1.3 (https://github.com/robertdavidgraham/masscan)": "masscan",
    "masscan-ng/1.3": "masscan",
    "Mozilla/5.0 zgrab/0.x": "zgrab",
    "Nuclei - Open-source project (github.com/projectdiscovery/nuclei)": "nuclei",
    "gobuster/3.1.0": "gobuster",
    "WPScan v3.8.22 (https://wpscan.com/wordpress-security-scanner)": "wpscan",
    "Fuzz Faster U Fool v1.3.1-dev": "ffuf",
    "feroxbuster/2.7.0": "feroxbuster",
    "Wfuzz/2.4": "wfuzz",
    "httpx - Open-source project (github.com/projectdiscovery/httpx)": "httpx",
    "Mozilla/4.0 (Hydra)": "hydra",
    "Mozilla/5.0 (compatible; Nessus; v8)": "nessus",
    "Mozilla/5.0 [en] (X11, U; OpenVAS-VT 21.4)": "openvas",
    "w3af.org": "w3af",
    "ZmEu": "zmeu",
    "Mozilla/5.0 (l9tcpid/v1.1.0)": "l9tcpid",
    "Hello, World": "mirai",
    "hello-world": "mirai",
    "libredtail-http": "redtail",
    "NIKTO": "nikto",
}
PEACEFUL = [
    "",
    "-",
    "curl/7.68.0",
    "Wget/1.20.3 (linux-gnu)",
    "python-requests/2.31.0",
    "python-httpx/0.24.1",
    "Go-http-client/1.1",
    "Java/11.0.9.1",
    "okhttp/4.9.3",
    "Boto3/1.17.40 Python/3.6.12 Linux/3.10.0 Botocore/1.20.112",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
    "Expanse, a Palo Alto Networks company, searches across the global IPv4 space",
    "SSL Labs (https://www.ssllabs.com/about/assessment.html)",
    "Mozilla/5.0 (compatible; Let's Encrypt validation server; +https://www.letsencrypt.org)",
    "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
    "check_http/v2.2 (monitoring-plugins 2.2)",
    "Mozilla/5.0 (Linux; Android 4.1; PANTECH VEGA) AppleWebKit/534.30",
    "Mozilla/5.0 (X11; Hydra 5) Medusa Paros Gecko",
    "Mozilla/5.0 (compatible; dirbot; nmapper; niktoid; unsqlmapped)",
    "Hello, World of cats/1.0",
]


@pytest.mark.parametrize(("user_agent", "tool"), TOOLS.items())
def test_an_attack_tool_is_named(user_agent: str, tool: str) -> None:
    assert tools_in(user_agent) == (tool,)
    assert AgentTable().tools(user_agent) == (tool,)


@pytest.mark.parametrize("user_agent", PEACEFUL)
def test_libraries_monitoring_crawlers_and_announced_scanners_are_no_attack_tools(user_agent: str) -> None:
    assert tools_in(user_agent) == ()


def test_several_tools_are_named_once_each_in_order() -> None:
    assert tools_in("sqlmap nikto sqlmap Nikto nmap") == ("nikto", "nmap", "sqlmap")


def test_a_tool_far_down_a_long_user_agent_is_not_looked_for() -> None:
    assert tools_in("x " * 5000 + "nikto") == ()


def test_the_tables_are_written_in_lower_case() -> None:
    for text in (*NAMES, *PHRASES, *WHOLE):
        assert text == text.lower()
    assert all(name.isalnum() for name in NAMES)


@given(st.sampled_from(sorted(NAMES)), st.sampled_from(["", " ", "/1.0", "(", "-x"]), st.booleans())
def test_a_name_counts_as_a_word_and_not_inside_one(name: str, behind: str, upper: bool) -> None:
    written = (name.upper() if upper else name) + behind
    assert name in tools_in(f"Mozilla/5.0 ({written}")
    assert name not in tools_in(f"Mozilla/5.0 (q{written}")


@given(st.text())
def test_any_text_may_be_looked_at(text: str) -> None:
    known = {*NAMES, *PHRASES.values(), *WHOLE.values()}
    assert set(AgentTable().tools(text)) <= known


class Known(NamedTuple):
    """An entry of a table of user agents, as the snapshot has them."""

    pattern: str
    name: str
    operator: str
    ranges: str


TABLE = (
    Known(r"Googlebot\/", "Googlebot", "Google", "google-googlebot"),
    Known(r"AdsBot-Google([^-]|$)", "AdsBot-Google", "Google", "google-special google-common"),
    Known(r"Google\-Pinpoint", "Google-Pinpoint", "Google", "google-user"),
    Known("bingbot", "bingbot", "Microsoft", "bing"),
    Known("MojeekBot", "MojeekBot", "Mojeek", ""),
)


@pytest.mark.parametrize(
    ("user_agent", "name"),
    {
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "Googlebot",
        "AdsBot-Google (+http://www.google.com/adsbot.html)": "AdsBot-Google",
        "AdsBot-Google": "AdsBot-Google",
        "AdsBot-Google-Mobile": None,
        "Google-Pinpoint": "Google-Pinpoint",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": "bingbot",
        "Mozilla/5.0 (compatible; MojeekBot/0.11)": None,  # its operator publishes no ranges: nothing can be checked
        "Mozilla/5.0 Chrome/120.0.0.0": None,
        "": None,
    }.items(),
)
def test_a_claim_to_be_a_crawler_with_published_ranges_is_noticed(user_agent: str, name: Optional[str]) -> None:
    claim = AgentTable.build(TABLE).crawler(user_agent)
    assert (claim and claim.name) == name


def test_a_claim_names_its_operator_and_all_its_lists() -> None:
    claim = AgentTable.build(TABLE).crawler("AdsBot-Google (x)")
    assert claim == CrawlerClaim("AdsBot-Google", "Google", ("google-special", "google-common"))


def test_an_empty_table_knows_tools_and_no_crawlers() -> None:
    table = AgentTable.build()
    assert (table.tools("nikto"), table.crawler("Googlebot/2.1")) == (("nikto",), None)


def test_answers_are_the_same_after_very_many_user_agents() -> None:
    table = AgentTable.build(TABLE)
    before: Tuple[object, object] = (table.tools("nikto"), table.crawler("bingbot"))
    for number in range(40_000):
        table.tools(f"x{number}")
        table.crawler(f"x{number}")
    assert (table.tools("nikto"), table.crawler("bingbot")) == before
