"""Which checks should be silent, what to ask the monitoring for, and the shepherd's own sign of life."""
