"""What only those may see who may know who a person is, taken out of words of all kinds.

Records name people in sentences, too: who stopped flocking, whom a ban is for, what somebody typed as a reason.
"""

import ipaddress
import re
from collections.abc import Collection

from shepherd.model.one_line import one_line

HIDDEN = "[hidden]"
"""Stands where somebody was named."""
NOBODY = frozenset({"root", "shepherd", "condor", "nobody", "user", "host", "guest", ""})
"""Accounts of programs, and words that stand in every sentence."""
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")
LIKE_IPV6 = re.compile(r"[0-9A-Fa-f:.]{3,60}")
USER = re.compile(r"[^\s@:,;()<>\"']+@[^\s@:,;()<>\"']+")
JOB = re.compile(r"\b[\w.-]+#\d+\.\d+(?:#\d+)?|(?i:\bjobs? )\d+\.\d+\b")
ORDERED = re.compile(r"\b(the (?:host|image) is banned:|quarantined by)\s.*", re.IGNORECASE)
"""What follows is who ordered it, and what somebody typed as the reason (`core/stop`)."""
EVERYBODY = "*"
"""Among names: more are known than are looked for, and whoever a text names stays hidden with all of it."""
MOST = 2000
"""Characters of one text."""


def discreet(text: object, names: Collection[str]) -> str:
    """On one line, without users, job ids, addresses, reasons of bans and quarantines, and the names that are known to
    be somebody's."""
    words = ORDERED.sub(rf"\1 {HIDDEN}", one_line(text, MOST))
    if EVERYBODY in names:
        return HIDDEN if words else ""
    for pattern in (USER, JOB, ADDRESS):
        words = pattern.sub(HIDDEN, words)
    words = LIKE_IPV6.sub(_without_ipv6, words)
    if known := sorted((name for name in names if name not in NOBODY), key=len, reverse=True):
        whole = rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)"
        words = re.sub(whole, HIDDEN, words, flags=re.IGNORECASE)  # people write names with a capital
    return words


def _without_ipv6(found: re.Match[str]) -> str:
    """What may be an address, or only a time."""
    text = found[0]
    bare = text.rstrip(".:") if not text.endswith("::") else text
    try:
        ipaddress.IPv6Address(bare)
    except ValueError:
        return text
    return HIDDEN + text[len(bare) :]
