"""A recorded day with other settings: the same decisions, and what the local work of then would have met."""
