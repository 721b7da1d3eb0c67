"""ClassAd expressions that travel to a collector: quoting, and who is asked for."""

from collections.abc import Sequence

MANY = 200
"""Names. Beyond this an expression costs the collector more than sending every ad; the answer is sifted here."""


def quoted(text: str) -> str:
    """A ClassAd string literal that means exactly `text`."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def is_machine(name: str, *, attribute: str = "Machine") -> str:
    """True for ads of that machine (ClassAd's `==` ignores case)."""
    return f"{attribute} == {quoted(name)}"


def one_of(names: Sequence[str] | None, *, attribute: str = "Machine") -> str | None:
    """True for ads of any of `names`; None if every ad should be sent."""
    if names is None or len(names) > MANY:
        return None
    return "(" + " || ".join(is_machine(name, attribute=attribute) for name in names) + ")"


def both(first: str | None, second: str | None) -> str | None:
    """Both must hold; None asks nothing."""
    return " && ".join(part for part in (first, second) if part) or None
