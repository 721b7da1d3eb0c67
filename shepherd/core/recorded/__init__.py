"""What decisions depend on, as the ledger keeps it, and a recorded day read back."""
