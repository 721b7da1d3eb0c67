"""A pool under load, thousands of times faster than time: jobs, matches, hosts that are lent, and the same decisions."""
