"""How a foreign pool becomes a guest of the lab's site: by the verb alone, and what it says is pasted there."""

from collections.abc import Sequence

from shepherd.lab import foreign
from shepherd.lab.node import Node
from shepherd.lab.pools import CONFIG_D
from shepherd.lab.services import SHEPHERD
from shepherd.lab.shell import File

HANDOVER = "/etc/shepherd/handover"
CAMPUS = foreign.CAMPUS.guest_words
"""Words of `shepherd guest add` for the first foreign pool."""
TOKENS_D = "/etc/condor/tokens.d"


def admit(cm: Node, words: Sequence[str]) -> list[File]:
    """Add a guest; the files that its administrator saves, as the snippet says."""
    cm.must((SHEPHERD, "guest", "add", *words))
    return handed_over(cm, words[0])


def handed_over(cm: Node, name: str) -> list[File]:
    """What lies there for a guest's administrator: the configuration and the token, as files of the guest's schedd."""
    place = f"{HANDOVER}/{name}"
    names = cm.must(("ls", place)).split()
    return [
        File(path=f"{CONFIG_D}/{one}", text=cm.read(f"{place}/{one}"))
        if one.endswith(".conf")
        else File(path=f"{TOKENS_D}/{one}", text=cm.read(f"{place}/{one}"), mode=0o600)
        for one in names
    ]
