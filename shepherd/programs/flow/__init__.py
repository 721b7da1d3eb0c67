"""Connections, recorded at the gateway and on hosts."""
