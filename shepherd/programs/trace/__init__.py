"""Who ran what: brought together, anchored, asked for."""
