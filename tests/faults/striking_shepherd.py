"""The daemon, unchanged, that strikes itself at a chosen moment of a chosen step. Runs in place of `shepherd run`.

The order is a file (`STEP|MOMENT|SIGNAL|stay`), looked for at every write to the ledger, because every moment of a step
lies just before or just after such a write. An order is carried out once. While the file `stay` exists no daemon
begins: as if nobody restarted it.
"""

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from shepherd.cli.main import main
from shepherd.model.entry import Entry, EntryKind
from shepherd.programs.diary import Diary

DIRECTORY = Path("/var/lib/shepherd")
ORDER, STAY = DIRECTORY / "strike", DIRECTORY / "stay"

write = Diary.write


def step_of(entries: Sequence[Entry], kind: EntryKind) -> set[str]:
    """The steps these entries are about. A host's end has no step of its own: its switch becomes empty."""
    steps = {str(entry.body["kind"]) for entry in entries if entry.kind is kind}
    over = any(entry.kind is EntryKind.SWITCH and not entry.body for entry in entries)
    reached = {f"reached {entry.body['stage']}" for entry in entries if entry.kind is EntryKind.SWITCH and entry.body}
    if kind is EntryKind.STEP:
        steps |= {"forget"} if over else set()
        steps |= reached if not steps else set()
    return steps


def strike(entries: Sequence[Entry], kind: EntryKind, moment: str) -> None:
    """Carry the order out if this is its moment."""
    try:
        step, wanted, number, stay = ORDER.read_text().split("|")
    except (FileNotFoundError, ValueError):
        return
    if wanted != moment or step not in step_of(entries, kind):
        return
    if stay == "stay":
        STAY.touch()
    ORDER.unlink()
    os.kill(os.getpid(), int(number))


def striking_write(diary: Diary, entries: Sequence[Entry], *, owed: bool = False) -> bool:
    """`Diary.write` with its moments."""
    strike(entries, EntryKind.STEP, "before the record")
    strike(entries, EntryKind.OUTCOME, "after the act")
    written = write(diary, entries, owed=owed)
    strike(entries, EntryKind.STEP, "before the act")
    return written


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    while STAY.exists():
        time.sleep(0.05)
    Diary.write = striking_write  # type: ignore[assignment,method-assign]
    sys.exit(main())
