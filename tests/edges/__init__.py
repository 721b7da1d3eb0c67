"""Every edge, each with the real thing beyond it."""
