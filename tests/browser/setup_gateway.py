"""Serves the setup page over the app's real handlers: `python tests/browser/setup_gateway.py` prints its URL and waits.

VirusTotal is a server on loopback that refuses every key that does not begin with `canary-good`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from splunkds import place
from splunkweb import SplunkWeb

from ipthreat.testkit import behaviours
from ipthreat.testkit.server import Conversation
from ipthreat.testkit.vendors import vendor_routes

ROUTE = "/api/v3/ip_addresses/*"
REFUSED = b'{"error": {"code": "WrongCredentialsError", "message": "Wrong API key"}}'


def virustotal(talk: Conversation) -> None:
    """Answers who has a good key."""
    good = talk.asked.header("x-apikey").startswith("canary-good")
    (vendor_routes()[ROUTE] if good else behaviours.status(401, REFUSED))(talk)


def main() -> None:
    """Serves until standard input ends."""
    with tempfile.TemporaryDirectory() as home, place(Path(home), routes={ROUTE: virustotal}) as here:
        here.splunkd.state.passwords.clear()
        here.splunkd.state.confs["ipthreat"]["provider:virustotal"]["quota_day"] = "500"
        here.splunkd.state.confs["ipthreat"]["live"]["reserve"] = "0"
        del here.splunkd.state.confs["ipthreat"]["live"]["providers"]
        web = SplunkWeb(here)
        with web.server:
            print(web.server.url, flush=True)  # noqa: T201  # what the browser test reads
            sys.stdin.read()


if __name__ == "__main__":
    main()
