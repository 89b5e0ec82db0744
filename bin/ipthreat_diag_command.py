"""What `splunk diag` loads for the app's part of a diag."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))

from ipthreat.splunk.diag import collect_diag_info, setup

__all__ = ["collect_diag_info", "setup"]
