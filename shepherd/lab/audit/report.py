"""What the audit found: each probe with what it tried, what it had to get and what it got."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

OPEN, SHUT, NOT_MADE = "open", "shut", "not made"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """One probe's outcome."""

    id: str
    tries: str
    must: str
    got: str
    """`open`, `shut`, or what kept the probe from being made: never what it must be."""
    detail: str = ""

    @property
    def is_leak(self) -> bool:
        """A door is open, or may be: a probe that could not be made proves nothing."""
        return self.must == SHUT and self.got != SHUT

    @property
    def is_open_door(self) -> bool:
        """A door that must be shut was seen open."""
        return (self.must, self.got) == (SHUT, OPEN)

    @property
    def is_broken_need(self) -> bool:
        """What guests need does not work."""
        return self.must == OPEN and self.got != OPEN


def from_job(lines: Iterable[Mapping[str, str]], must: str) -> list[Result]:
    """What a job's own probes said."""
    return [
        Result(id=line["id"], tries=line["tries"], must=must, got=line["got"], detail=line["detail"]) for line in lines
    ]


def figures(results: Sequence[Result]) -> dict[str, object]:
    """The report as data."""
    return {
        "probes": len(results),
        "as_expected": sum(result.got == result.must for result in results),
        "leaks": [dataclasses.asdict(result) for result in results if result.is_leak],
        "broken_needs": [dataclasses.asdict(result) for result in results if result.is_broken_need],
        "results": [dataclasses.asdict(result) for result in results],
    }


def need(ident: str, what: str, *, works: bool, detail: str = "") -> Result:
    """Something that must work."""
    return Result(id=ident, tries=what, must=OPEN, got=OPEN if works else SHUT, detail=detail)


def shut(ident: str, tries: str, is_open: bool, detail: str = "", *, was_tried: bool = True) -> Result:  # noqa: FBT001
    """Something that must not. What was not even tried has shown nothing, unless the door stood open all the same."""
    unopened = SHUT if was_tried else NOT_MADE
    return Result(id=ident, tries=tries, must=SHUT, got=OPEN if is_open else unopened, detail=detail)
