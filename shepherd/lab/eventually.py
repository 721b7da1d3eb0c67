"""Waiting for something to become true, with an answer to show when it does not."""

import time
from collections.abc import Callable
from typing import TypeVar

from shepherd.errors import ShepherdError, Unavailable

Answer = TypeVar("Answer")


def eventually(question: Callable[[], Answer], deadline_s: float, every_s: float = 0.1, *, what: str = "") -> Answer:
    """Ask until the answer is truthy and return it.

    Raises Unavailable, with the last answer in its text, when `deadline_s` has passed. An error of ours counts as "no".
    """
    began_s = time.monotonic()
    while True:
        answer, shown = _ask(question)
        if answer:
            return answer
        if time.monotonic() - began_s > deadline_s:
            asked = what or getattr(question, "__name__", "the question")
            raise Unavailable(f"not within {deadline_s:g} s: {asked}; last answer: {shown}")
        time.sleep(every_s)


def _ask(question: Callable[[], Answer]) -> tuple[Answer | None, str]:
    try:
        answer = question()
    except ShepherdError as exc:
        return None, exc.diagnosis()
    return answer, repr(answer)[:800]
