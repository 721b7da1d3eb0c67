"""Who did that from this address, then."""
