"""Arithmetic with spans of time: where they meet, and what they leave open."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, order=True)
class Span:
    """From `start_s` to `end_s` on the monotonic clock."""

    start_s: float
    end_s: float

    @property
    def length_s(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


def union(spans: Iterable[Span]) -> list[Span]:
    """The same time covered by spans that are in order and do not touch."""
    merged: list[Span] = []
    for span in sorted(spans):
        if merged and span.start_s <= merged[-1].end_s:
            last = merged.pop()
            merged.append(Span(start_s=last.start_s, end_s=max(last.end_s, span.end_s)))
        elif span.length_s > 0:
            merged.append(span)
    return merged


def meeting(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Where a span of the one kind and a span of the other kind exist at once."""
    left, right = union(some), union(others)
    pairs = ((a, b) for a in left for b in right if a.start_s < b.end_s and b.start_s < a.end_s)
    return [Span(start_s=max(a.start_s, b.start_s), end_s=min(a.end_s, b.end_s)) for a, b in pairs]


def gaps(spans: Iterable[Span], whole: Span) -> list[Span]:
    """What of `whole` no span covers."""
    open_s, found = whole.start_s, []
    for span in union(spans):
        if span.start_s > open_s:
            found.append(Span(start_s=open_s, end_s=min(span.start_s, whole.end_s)))
        open_s = max(open_s, span.end_s)
    if open_s < whole.end_s:
        found.append(Span(start_s=open_s, end_s=whole.end_s))
    return [gap for gap in found if gap.length_s > 0]


def total_s(spans: Iterable[Span]) -> float:
    """Time covered by all spans together."""
    return sum(span.length_s for span in union(spans))
