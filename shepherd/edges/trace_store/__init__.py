"""Who ran what, kept: a SQLite file a day, chained, with persons' fields under keys that can be destroyed."""
