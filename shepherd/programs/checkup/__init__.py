"""`shepherd check`: everything that must be there for a role, looked at now."""
