"""Reading single attributes of ads that anybody may have written: every odd value has a harmless meaning."""

import math
from collections.abc import Callable, Mapping

Ad = Mapping[str, object]
"""What is used of an ad; real ads and plain dictionaries both serve."""

Read = Callable[[str], object]


def reader(ad: Ad) -> Read:
    """Attributes by name. An expression is evaluated in its own ad; what cannot be read at all is None."""
    evaluate: Read | None = getattr(ad, "eval", None)

    def read(name: str) -> object:
        try:
            value = ad[name]
            if isinstance(value, int | float | str) or evaluate is None:
                return value
            return evaluate(name)
        except KeyError:
            return None
        except Exception:  # noqa: BLE001 - bytes that are no text, endless expressions: an ad like that says nothing
            return None

    return read


def number(value: object) -> float | None:
    """A finite number, else None (also for booleans, strings, expressions, UNDEFINED and ERROR)."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None


def count(value: object) -> int | None:
    """A whole number that is not negative, else None. Fractions of a cpu are rounded down."""
    read = number(value)
    return int(read) if read is not None and read >= 0 else None


def text(value: object) -> str | None:
    """A string, else None."""
    return value if isinstance(value, str) else None
