"""What to do: pure functions over the model. No clock, no I/O, no third party."""
