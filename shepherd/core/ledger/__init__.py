"""Judging the record: does the chain hold."""
