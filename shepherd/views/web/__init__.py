"""The dashboard: read-only pages of what the ledger says, rendered here, that keep themselves up to date."""
