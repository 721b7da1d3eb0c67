"""The one fake world: a whole site in memory, deterministic by its seed. Implements the ports, never an edge."""
