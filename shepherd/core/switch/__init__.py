"""The switch of one host: its state, its next step, and the leases that follow from it."""
