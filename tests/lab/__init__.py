"""The lab itself, and what the shepherd needs of a host and of a network, on one real site."""
