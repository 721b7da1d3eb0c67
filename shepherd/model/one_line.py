"""What strangers wrote, fit to be kept and shown."""


def one_line(text: object, most: int | None = None) -> str:
    """On one line, without control characters, at most `most` characters: ads and reasons are written by strangers."""
    return "".join(c if c.isprintable() else " " for c in str(text)).strip()[:most].rstrip()
