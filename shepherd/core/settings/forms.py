"""Forms that single settings must have, in the daemon's file and in a host's."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>\d{1,5}))?(\?\S+)?")
HOSTNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
LONGEST_HOSTNAME = 63
"""The kernel takes 64 bytes, docker 63."""


class Problem(NamedTuple):
    """One thing that is wrong: the dotted key, what, and how to mend it."""

    key: str
    problem: str
    remedy: str


def line_problem(key: str, text: str) -> Iterator[Problem]:
    """A name is neither empty nor padded, and fits on a line."""
    if not text.strip():
        yield Problem(key, "is empty", "give a name")
    elif text != text.strip() or not text.isprintable():
        yield Problem(key, f"{text!r} has spaces around it or characters that do not print", "retype it")


def duplicate_problems(key: str, names: Iterable[str], what: str = "name") -> Iterator[Problem]:
    """No name stands twice, in whatever case."""
    counted = Counter(name.casefold() for name in names)
    for name in sorted(name for name, times in counted.items() if times > 1):
        yield Problem(key, f"has the {what} {name} more than once", "keep one of them")


def digest_problem(key: str, image: str) -> Iterator[Problem]:
    """An image is named by digest only, so that nobody can swap it."""
    if not DIGEST.fullmatch(image):
        yield Problem(
            key,
            f"{image!r} is no image id",
            "write sha256: and 64 hex digits; `docker image inspect -f '{{.Id}}' NAME` shows it",
        )


def address_problem(key: str, address: str) -> Iterator[Problem]:
    """host, or host:port."""
    matched = ADDRESS.fullmatch(address)
    if matched is None or not 0 < int(matched["port"] or 9618) < 65536:
        yield Problem(key, f"{address!r} is no address", 'write "host:port", e.g. "cm.example.org:9618"')


def hostname_problem(key: str, name: str) -> Iterator[Problem]:
    """A name that a machine can have."""
    if len(name) > LONGEST_HOSTNAME or not HOSTNAME.fullmatch(name):
        yield Problem(
            key,
            f"{name!r} is no host name",
            f"letters, digits, hyphens and dots, at most {LONGEST_HOSTNAME} characters",
        )


def absolute_problems(prefix: str, paths: Mapping[str, str]) -> Iterator[Problem]:
    """A daemon has no directory of its own to start from."""
    for key, path in paths.items():
        if not path.startswith("/") or "\0" in path:
            yield Problem(prefix + key, f"{path!r} is not an absolute path", "begin it with /")


def second_problems(prefix: str, values: Mapping[str, float], *, zero: bool = False) -> Iterator[Problem]:
    """Times are finite and above zero (or at least zero)."""
    for key, value in values.items():
        if not math.isfinite(value) or value < 0 or (value == 0 and not zero):
            bound = "0 or more" if zero else "more than 0"
            yield Problem(prefix + key, f"is {value:g}", f"give seconds, {bound}")


def regex_groups(expression: str) -> tuple[frozenset[str] | None, str]:
    """The named groups of an expression; None and the reason if it does not compile."""
    try:
        return frozenset(re.compile(expression).groupindex), ""
    except (re.error, RecursionError, OverflowError) as exc:
        return None, str(exc)
