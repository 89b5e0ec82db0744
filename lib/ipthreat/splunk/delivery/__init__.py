"""Where the reports of alerts go: an index, a case in the KV store, a webhook, a file; each once."""
