"""Names of many hosts in a few words: `p-7-[1-40,43]`."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

NUMBERED = re.compile(r"(?P<prefix>[^.]*?)(?P<number>[0-9]{1,15})(?P<suffix>[^0-9.]*(?:\..*)?)")
"""The last number of a name's first label: hosts of one kind are counted there."""

Pattern = tuple[str, str, int]
"""What stands before and after the number, and how many digits it is filled up to with zeros; 0: it is not."""


def folded(names: Iterable[str]) -> list[str]:
    """Each name once, numbers that follow each other as ranges. What has no number, or is alone, stays as it is."""
    numbers, rest = _by_pattern(set(names))
    return sorted([*(_ranges(pattern, sorted(found)) for pattern, found in numbers.items()), *rest], key=_counted)


def _by_pattern(names: Iterable[str]) -> tuple[dict[Pattern, list[int]], list[str]]:
    matched = {name: NUMBERED.fullmatch(name) for name in names}
    rest = [name for name, found in matched.items() if found is None]
    parts = [(found["prefix"], found["number"], found["suffix"]) for found in matched.values() if found]
    filled = {(prefix, suffix, len(digits)) for prefix, digits, suffix in parts if digits[0] == "0" and digits != "0"}
    numbers: dict[Pattern, list[int]] = defaultdict(list)
    for prefix, digits, suffix in parts:
        pattern = prefix, suffix, len(digits)
        numbers[pattern if pattern in filled else (prefix, suffix, 0)].append(int(digits))
    return numbers, rest


def _ranges(pattern: Pattern, numbers: Sequence[int]) -> str:
    prefix, suffix, width = pattern
    filled = [(f"{first:0{width}}", f"{last:0{width}}") for first, last in _runs(numbers)]
    spans = [first if first == last else f"{first}-{last}" for first, last in filled]
    told = spans[0] if len(numbers) == 1 else f"[{','.join(spans)}]"
    return f"{prefix}{told}{suffix}"


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch without a hole."""
    for _, run in itertools.groupby(enumerate(numbers), key=lambda found: found[1] - found[0]):
        members = [number for _, number in run]
        yield members[0], members[-1]


def _counted(name: str) -> list[tuple[int, str]]:
    """Sorts p9 before p10."""
    parts = re.split(r"([0-9]{1,15})", name)
    return [(int(part), "") if part.isdecimal() and part.isascii() else (-1, part) for part in parts]
