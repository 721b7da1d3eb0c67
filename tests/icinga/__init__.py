"""Icinga2 for real, of two releases, and the fake one beside it."""
