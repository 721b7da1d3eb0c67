"""A source's records on its own disk until they are stored: written here, read where they are fetched from."""
