"""Leases as pages: their bytes, their spread over hosts, and a host's judgement of what it is shown."""
