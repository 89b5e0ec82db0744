"""Entry point of `| ipthreatreport`."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from ipthreat.splunk.reporting import main

main()
