"""What of the gateway's spool the shepherd has fetched: it writes a number, as another account of the same host."""

import contextlib
from pathlib import Path

from shepherd.errors import CommandFailed

PLACE, NAME = "stored", "newest"
MODE = 0o770
"""The group is the shepherd's as well."""
LONGEST = 20


class StoredFile:
    """`programs.flow.log.Stored`: a file in a directory of its own below the spool, in which the group may write."""

    def __init__(self, spool: Path) -> None:
        self._place = spool / PLACE

    def newest(self) -> int:
        """See there; what makes no sense is 0."""
        with contextlib.suppress(OSError, ValueError):
            self._place.mkdir(exist_ok=True, parents=True)
            self._place.chmod(MODE)
            with (self._place / NAME).open(encoding="ascii") as there:
                return max(0, int(there.read(LONGEST)))
        return 0

    def tell(self, number: int) -> None:
        """The shepherd's side: all up to this segment is stored. Idempotent. Raises CommandFailed."""
        draft = self._place / "draft"
        try:
            draft.write_text(f"{number}\n", encoding="ascii")
            draft.chmod(0o644)
            draft.replace(self._place / NAME)
        except OSError as exc:
            raise CommandFailed(f"the gateway cannot be told what is stored: {self._place}: {exc.strerror}") from exc
