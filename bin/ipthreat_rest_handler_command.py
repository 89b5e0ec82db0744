"""Entry point of the REST handlers, which splunkd keeps running."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from splunk.persistconn.application import PersistentServerConnectionApplication  # splunkd's own

from ipthreat.splunk.rest_handler import handler_class  # found once the path is set

RestHandler = handler_class(PersistentServerConnectionApplication)
