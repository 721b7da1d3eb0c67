"""What is recorded of a quarantined host's container, and where it is kept."""
