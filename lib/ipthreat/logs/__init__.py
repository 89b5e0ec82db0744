"""Readers of logs, one module per family of formats; `ipthreat.events` chooses among them."""
