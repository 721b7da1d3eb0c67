"""Bans and quarantines."""
