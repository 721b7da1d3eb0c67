"""One suite for the fake world and the real site."""
