"""What only those may see who may know who a person is, taken out of words of all kinds.

Records name people in sentences, too: who stopped flocking, whom a ban is for, what somebody typed as a reason.
"""

import re
from collections.abc import Collection

from shepherd.model.one_line import one_line

HIDDEN = "[hidden]"
"""Stands where somebody was named."""
NOBODY = frozenset({"root", "shepherd", "condor", "nobody", "user", "host", "guest", ""})
"""Accounts of programs, and words that stand in every sentence."""
ADDRESS = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|(?<![\w:.])\[?(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){0,6}\]?(?![\w:])"
    r"|(?<![\w:.])::(?:[0-9A-Fa-f]{1,4}:?){1,7}(?![\w:])"
)
TIME = re.compile(r"\d{1,2}:\d{2}:\d{2}")
USER = re.compile(r"[^\s@:,;()<>\"']+@[^\s@:,;()<>\"']+")
JOB = re.compile(r"\b[\w.-]+#\d+\.\d+(?:#\d+)?|(?i:\bjobs? )\d+\.\d+\b")
MOST = 2000
"""Characters of one text."""


def discreet(text: object, names: Collection[str]) -> str:
    """On one line, without users, job ids, addresses, and the names that are known to be somebody's."""
    words = one_line(text, MOST)
    for pattern in (USER, JOB):
        words = pattern.sub(HIDDEN, words)
    words = ADDRESS.sub(lambda found: found[0] if TIME.fullmatch(found[0]) else HIDDEN, words)
    if known := sorted((name for name in names if name not in NOBODY), key=len, reverse=True):
        words = re.sub(rf"(?<!\w)(?:{'|'.join(map(re.escape, known))})(?!\w)", HIDDEN, words)
    return words
