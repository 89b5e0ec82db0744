"""Entry point of the REST handlers, which splunkd keeps running."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from ipthreat.splunk.rest_handler import handler_class  # noqa: E402  # found once the path is set
from splunk.persistconn.application import PersistentServerConnectionApplication  # noqa: E402  # splunkd's own

RestHandler = handler_class(PersistentServerConnectionApplication)
