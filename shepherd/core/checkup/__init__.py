"""What `shepherd check` makes of what it sees: pure judgements, each with the remedy."""
