"""What retention removes and when: days that are old enough, their keys before, holds that were released."""

import dataclasses
import pathlib
from collections.abc import Sequence

from shepherd.edges import day_files
from shepherd.edges.day_files import DAY_S, end_of, utc_day
from shepherd.edges.trace_store.hold_files import digest, held_in
from shepherd.edges.trace_store.keys import days_with_keys, destroy, keys_path, week_of, weeks_with_keys
from shepherd.edges.trace_store.schema import partition_files, partition_path
from shepherd.edges.trace_store.summary import summary_path
from shepherd.model.trace_chain import Act, DayOpening, DayPseudonymised, DayRetired, HoldMade, HoldReleased, act_line


@dataclasses.dataclass(frozen=True, kw_only=True)
class Retention:
    """For how long."""

    keep_days: int
    """Whole days after a day's end; then it is removed."""
    pseudonymise_days: int
    """Whole days after a day's end; then its keys are destroyed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Overdue:
    """What is to be recorded, and then done."""

    acts: Sequence[Act]
    without_keys: Sequence[str]
    """Days whose keys go."""
    paths: Sequence[pathlib.Path]
    """Days that go."""
    weeks: Sequence[pathlib.Path]
    """Keys of weeks that are over."""
    released: Sequence[str]
    """Holds that go."""

    @classmethod
    def at(
        cls,
        now: float,
        directory: pathlib.Path,
        days: Sequence[DayOpening],
        retention: Retention | None,
        known: set[str],
    ) -> "Overdue":
        """By the wall clock; nothing is old enough without `retention`. `known`: lines of the open day's acts."""
        retired = retired_days(now, directory, days, retention.keep_days) if retention else []
        gone = {one.day for one in retired}
        after_days = retention.pseudonymise_days if retention else 0
        keyed = [day for day in days_with_keys(directory) if retention and end_of(day) + after_days * DAY_S <= now]
        named = [DayPseudonymised(day=day, after_days=after_days) for day in keyed if day not in gone]
        this_week = {week_of(utc_day(now)), *(week_of(one.day) for one in days[-1:])}
        found = held_in(directory)
        made = [HoldMade(name=one.name, hash=digest(one), by=one.by) for one in found]
        released = [HoldReleased(name=one.name, by=one.released_by) for one in found if one.released_by]
        all_acts: list[Act] = [*named, *made, *released]
        noted = [act for act in all_acts if act_line(act) not in known]
        return cls(
            acts=[*retired, *noted],
            without_keys=sorted({*keyed, *gone}),
            paths=[partition_path(directory, one.day) for one in retired],
            weeks=[path for path in weeks_with_keys(directory) if retention and path.stem not in this_week],
            released=[one.name for one in released],
        )


def retired_days(now: float, directory: pathlib.Path, days: Sequence[DayOpening], keep_days: int) -> list[DayRetired]:
    """Days that are old enough and have one after them, which tells how they ended; also those that are damaged."""
    after = {one.previous_day: one for one in days}
    openings = {one.day: one for one in days}
    retired = []
    for path in partition_files(directory):
        following, opening = after.get(path.stem), openings.get(path.stem)
        if following is not None and end_of(path.stem) + keep_days * DAY_S <= now:
            retired.append(
                DayRetired(
                    day=path.stem,
                    first_seq=opening.first_seq if opening else 0,
                    previous_hash=opening.previous_hash if opening else "",
                    last_seq=following.first_seq - 1,
                    hash=following.previous_hash,
                    keep_days=keep_days,
                )
            )
    return retired


def remove_keys(directory: pathlib.Path, day: str) -> None:
    """Destroy the keys of a day. Idempotent."""
    destroy(keys_path(directory, day))


def remove_day(path: pathlib.Path) -> None:
    """Remove a day's file, and what it was summed up in. Idempotent."""
    summary_path(path).unlink(missing_ok=True)
    day_files.remove(path)
