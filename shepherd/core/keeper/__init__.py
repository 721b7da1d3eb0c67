"""What a host's keeper does next: pure, from its lease, its container and the host lock."""
