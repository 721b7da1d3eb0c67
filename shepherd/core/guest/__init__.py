"""Guests: who may be one, what the flock pool must be told of them, and what they must be told."""
