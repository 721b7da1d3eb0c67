"""A keeper's own note of a quarantine, as JSON and back, and what it does next: pure."""

import dataclasses
import enum
import json

from shepherd.core.lease.memory import expect, seconds
from shepherd.core.stop.quarantine import is_ident
from shepherd.errors import LeaseRefused
from shepherd.model.evidence import Keeping, KeepStage

KEPT_HOST_FACTOR = 10
"""A container that stays frozen anyway may be looked at for so many times as long."""
LATE_S = 3.0
"""Past its deadline the recording has this much to end by itself; then nobody waits for it."""


class Move(enum.Enum):
    """What a keeper does about a container of ours that is quarantined."""

    RECORD = "record"
    WAIT = "wait"
    HOLD = "hold"
    END = "end"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sight:
    """Everything that the next move depends on."""

    keeping: Keeping
    now_s: float
    """CLOCK_BOOTTIME."""
    evidence_s: float
    recorded: bool
    """The recording is over, however it went."""
    recording: bool
    """One is under way."""
    lives: bool
    """Anything of the container does."""
    released: bool
    """A page said so."""


def next_move(sight: Sight) -> Move:
    """Level-triggered. Whatever died in between: what is recorded is recorded, the time goes on, and at its end the
    host comes home, unless somebody wants it kept."""
    keeping = sight.keeping
    if keeping.stage is KeepStage.ENDING or sight.released:
        return Move.END
    over = sight.recorded or left_s(sight) <= -LATE_S
    if keeping.stage is KeepStage.RECORDING and not over:
        return Move.WAIT if sight.recording or left_s(sight) <= 0 else Move.RECORD
    return Move.HOLD if keeping.keep_host and sight.lives else Move.END


def left_s(sight: Sight) -> float:
    """What is left for recording; negative when its time is over."""
    return sight.keeping.since_s + recording_s(sight.keeping, sight.evidence_s) - sight.now_s


def recording_s(keeping: Keeping, evidence_s: float) -> float:
    """How long recording may take in all."""
    return evidence_s * (KEPT_HOST_FACTOR if keeping.keep_host else 1)


def to_json(keeping: Keeping) -> str:
    """As one line of JSON."""
    members = {**dataclasses.asdict(keeping), "stage": keeping.stage.value}
    return json.dumps(members, sort_keys=True, allow_nan=False)


def from_json(text: str) -> Keeping:
    """The note stored in `text`. Raises LeaseRefused if it is damaged."""
    try:
        members = json.loads(text)
        keeping = Keeping(
            ident=expect(members["ident"], str),
            who=expect(members["who"], str),
            why=expect(members["why"], str),
            keep_host=expect(members["keep_host"], bool),
            container=expect(members["container"], str),
            since_s=seconds(members["since_s"]),
            stage=KeepStage(members["stage"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as exc:
        raise LeaseRefused(f"the note of a quarantine is damaged: {exc!r}") from exc
    if not is_ident(keeping.ident):
        raise LeaseRefused("the note of a quarantine has no name that could be one")
    return keeping
