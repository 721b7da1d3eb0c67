"""What stands after all records so far. Nothing in it that the records do not say."""

import dataclasses
import json
from collections.abc import Iterable, Mapping

from shepherd.model.chain import canonical
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.host import HostName

PER_HOST = frozenset({EntryKind.SWITCH, EntryKind.MEMORY})
"""Kinds of which the newest is kept for every host; an empty body ends it."""

Newest = Mapping[tuple[str, str], Entry]
"""Newest entries by kind and "", those PER_HOST also by kind and host."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Standing:
    """The sum of the records: made by folding them, from the first one or from a carry."""

    newest: Newest = dataclasses.field(default_factory=dict)

    def after(self, entries: Iterable[Entry]) -> "Standing":
        """What stands when these were recorded too."""
        newest = dict(self.newest)
        for entry in entries:
            remember(newest, entry)
        return Standing(newest=newest)

    def last(self, kind: str) -> Entry | None:
        """The newest entry of a kind."""
        return self.newest.get((kind, ""))

    def bodies(self, kind: EntryKind) -> dict[HostName, Mapping[str, object]]:
        """By host, the newest bodies of a kind that is kept PER_HOST."""
        return {
            HostName(host): entry.body
            for (of, host), entry in self.newest.items()
            if of == kind.value and host
        }

    def carry(self) -> str:
        """As text for the opening of a partition; equal standings give equal text."""
        return canonical(
            [
                [kind, key, entry.at_s, entry.cause, entry.host, entry.body]
                for (kind, key), entry in sorted(self.newest.items())
            ]
        )


def remember(newest: dict[tuple[str, str], Entry], entry: Entry) -> None:
    """Fold one more entry into `newest`."""
    kind = entry.kind.value
    newest[kind, ""] = entry
    if entry.kind in PER_HOST and entry.host:
        if entry.body:
            newest[kind, entry.host] = entry
        else:
            newest.pop((kind, entry.host), None)


def from_carry(text: str) -> Standing:
    """The inverse of `Standing.carry`. ValueError if the text is none."""
    try:
        return Standing(
            newest={
                (kind, key): Entry(at_s=at_s, kind=EntryKind(kind), cause=cause, host=host, body=body)
                for kind, key, at_s, cause, host, body in json.loads(text)
            }
        )
    except TypeError as exc:
        raise ValueError(f"not a carry: {exc}") from exc
