"""Judging the record: does the chain hold, and where did it have a gap."""
