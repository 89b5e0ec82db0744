"""Splunk's search commands: the only package that imports splunklib. Start at `ipthreat_command.py` or `runner.py`."""
