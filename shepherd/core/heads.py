"""Heads of our chains at the site's logger: how they are said, and how they are found again in its files.

The element stands in the structured data and in the text, because many syslog daemons write only the text.
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator

from shepherd.model.chain import Head
from shepherd.model.syslog import SyslogMessage, element

ELEMENT = "shepherdHeads@32473"
"""Structured data needs an enterprise's number; this one is set aside for those that have none (RFC 5612)."""
MSGID = "heads"
FOUND = re.compile(
    r"""\[shepherdHeads@\d+\s(?P<parameters>(?:[a-z]+=\\*"[^"\]\\]*\\*"\s?)+)\]""",
)
"""Also where the quotes were escaped once more, as in JSON."""
FORGED = re.compile(r"\[(?=shepherdHeads@)")
PARAMETER = re.compile(r"""(?P<key>[a-z]+)=\\*"(?P<value>[^"\]\\]*)\\*\"""")
HEAD = re.compile(r"(?P<seq>\d{1,15}):(?P<hash>[0-9a-f]{64})")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Anchor:
    """Where both chains of one shepherd ended at a time."""

    instance: str
    """Of the state directory, as in `state/instance`."""
    ledger: Head | None
    """None: it could not be read then."""
    trace: Head | None


def anchor_message(anchor: Anchor, at_s: float) -> SyslogMessage:
    """What the logger is told."""
    heads = {"ledger": anchor.ledger, "trace": anchor.trace}
    said = {name: f"{head.seq}:{head.hash}" for name, head in heads.items() if head is not None}
    parameters = {"instance": anchor.instance, **said}
    text = f"the records end here: {element(ELEMENT, parameters)}"
    return SyslogMessage(at_s=at_s, msgid=MSGID, text=text, data={ELEMENT: parameters})


def anchors_in(lines: Iterable[str]) -> Iterator[Anchor]:
    """Anchors in a logger's file, whatever else stands in its lines; those in one line that are the same are one."""
    for line in lines:
        yield from dict.fromkeys(anchor_of(found["parameters"]) for found in FOUND.finditer(line))


def defused(text: str) -> str:
    """A stranger's words as they may stand in the same logger's files: no head of ours is found in them."""
    return FORGED.sub("(", text)


def anchor_of(parameters: str) -> Anchor:
    """One element's."""
    said = {found["key"]: found["value"] for found in PARAMETER.finditer(parameters)}
    return Anchor(
        instance=said.get("instance", ""), ledger=head_of(said.get("ledger", "")), trace=head_of(said.get("trace", ""))
    )


def head_of(text: str) -> Head | None:
    """`812:9f3c…`; None if it is none."""
    found = HEAD.fullmatch(text)
    return Head(seq=int(found["seq"]), hash=found["hash"]) if found else None
