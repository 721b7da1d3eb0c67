"""Showing: text, tables, metrics; from the ledger and the model, never from the pool."""
