"""Entry point of the modular input that refreshes the lists."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from ipthreat.splunk.inputs import main

sys.exit(main())
