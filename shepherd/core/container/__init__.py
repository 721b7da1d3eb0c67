"""What a flock container is: its description, its walls, and whether what runs is what was meant."""
