"""The package for real machines."""
