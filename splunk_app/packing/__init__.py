"""How the Splunk app is put together: third-party files, contents, archive, bill of materials, inspection."""
