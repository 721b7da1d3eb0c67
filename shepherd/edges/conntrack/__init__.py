"""The kernel's connection tracking: heard, asked, cut."""
