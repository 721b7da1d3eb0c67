"""Which checks are silent, folded from the records of what the monitoring was asked and answered."""

from collections.abc import Iterator, Mapping

from shepherd.model.course import Silent
from shepherd.model.entry import Entry, EntryKind
from shepherd.model.monitoring import SilenceKind


class Silences:
    """Checks that are silenced, as far as records tell. A record that cannot be read tells nothing."""

    def __init__(self) -> None:
        self._standing: dict[str, list[Silent]] = {}
        """By check. A downtime is renewed by a second one, before the first is ended."""

    def add(self, entry: Entry) -> None:
        """Take one more record in, in their order."""
        if entry.kind is EntryKind.OUTCOME:
            for host, body in _calls(entry):
                self._add(entry.at_s, host, body)

    def _add(self, at_s: float, host: str, body: Mapping[str, object]) -> None:
        check, until_s = body.get("check"), body.get("until_s")
        if body.get("result") != "done" or not isinstance(check, str):
            return
        standing = [one for one in self._standing.get(check, []) if one.until_s > at_s]
        if body.get("kind") == "unsilence":
            standing = sorted(standing, key=lambda one: one.until_s)[1:]
        elif body.get("kind") == "silence" and isinstance(until_s, int | float):
            is_added = body.get("how") == SilenceKind.DOWNTIME.value
            standing = [*(standing if is_added else []), Silent(check=check, until_s=until_s, host=host)]
        self._standing[check] = standing

    def at(self, now_s: float) -> tuple[Silent, ...]:
        """Those that are not over, by their names."""
        longest = (max(found, key=lambda one: one.until_s) for found in self._standing.values() if found)
        return tuple(sorted((one for one in longest if one.until_s > now_s), key=lambda one: one.check))


def _calls(entry: Entry) -> Iterator[tuple[str, Mapping[str, object]]]:
    """The host and what was asked: one record for each lend, one for all that belong to none."""
    yield entry.host, entry.body
    calls = entry.body.get("calls")
    for call in calls if isinstance(calls, list) else []:
        if isinstance(call, Mapping):
            yield "", call
