"""The flock image, as far as it can be said without a file system."""
