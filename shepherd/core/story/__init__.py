"""Telling from the records why a host was in its herd, and what a decision was made from."""
