"""Entry point of `| ipthreatlookup`."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from ipthreat.splunk.lookup import main

main()
