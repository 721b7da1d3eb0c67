"""A pool under load, thousands of times faster than time: jobs, matches, lent hosts, and the daemon's decisions."""
