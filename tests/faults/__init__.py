"""Things are broken on a real site, and the invariants are measured from outside."""
