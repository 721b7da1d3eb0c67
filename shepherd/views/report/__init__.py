"""A month's report: as text, as a page to print, and as tables."""
