"""A flow log that dies or hangs beside the gateway's rules."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from shepherd.errors import CommandFailed, ShepherdError, Unavailable
from shepherd.programs.flow.watchman import FlowWatchman, Recorded

WITHIN_S = 10.0


class Log:
    """A process that says what it is told to say."""

    def __init__(self, *says: str | ShepherdError) -> None:
        self.says = list(says)
        self.starts = self.ends = 0
        self.silence = threading.Event()

    def start(self) -> None:
        self.starts += 1

    def said(self, within_s: float) -> str:
        if not self.says:
            self.silence.wait(0.01)
            return "all is well"
        word = self.says.pop(0)
        if isinstance(word, ShepherdError):
            raise word
        return word

    def end(self) -> None:
        self.ends += 1


class Rules:
    """The gateway's loop."""

    def tick(self) -> float:
        return 10.0

    def sentence(self) -> str:
        return "the rules are in force"


class Bench:
    """Both, and what was logged."""

    def __init__(self, log: Log) -> None:
        self.log, self.logged = log, list[str]()
        self.watchman = FlowWatchman(log, self.note, silent_s=0.1, again_s=0.01)
        self.loop = Recorded(Rules(), self.watchman)

    def note(self, event: str, **fields: object) -> None:
        self.logged.append(f"{event}: {fields}")

    def until(self, question: Callable[[], object], what: str) -> None:
        until_s = time.monotonic() + WITHIN_S
        while not question():
            assert time.monotonic() < until_s, what
            time.sleep(0.005)


@pytest.fixture
def bench_of() -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(*says: str | ShepherdError) -> Bench:
        made.append(Bench(Log(*says)))
        return made[-1]

    yield make
    for one in made:
        one.watchman.stop()


def test_one_that_dies_or_hangs_is_started_again_and_that_is_told(bench_of: Callable[..., Bench]) -> None:
    """Nothing was recorded for a month, and the service was green."""
    bench = bench_of("7 connections known", CommandFailed("it has ended"), Unavailable("it said nothing"))
    bench.watchman.want(wanted=True)
    bench.until(lambda: bench.log.starts == 3 and "all is well" in bench.loop.sentence(), "a third one")
    assert bench.loop.sentence() == "the rules are in force; all is well, ended 2 times"
    assert bench.log.ends == 2
    first, second = bench.logged
    assert "it has ended" in first
    assert "it said nothing" in second
    assert bench.loop.tick() == 10.0


def test_the_same_trouble_is_logged_once(bench_of: Callable[..., Bench]) -> None:
    """A full disk filled the log, a line a second, with that it was full."""
    bench = bench_of(*[CommandFailed("no such interface") for _ in range(20)])
    bench.watchman.want(wanted=True)
    bench.until(lambda: bench.watchman.ended == 20, "all of them")
    assert len(bench.logged) == 1


def test_where_nothing_is_to_be_recorded_nothing_runs_and_that_is_told(bench_of: Callable[..., Bench]) -> None:
    """A site that wants no record had a process that could not start, again and again."""
    bench = bench_of()
    bench.watchman.want(wanted=False)
    assert bench.loop.sentence() == "the rules are in force; connections are not recorded: spool is empty"
    bench.watchman.want(wanted=True)
    bench.until(lambda: bench.log.starts == 1, "it runs")
    bench.watchman.want(wanted=False)
    bench.until(lambda: bench.log.ends == 1 and "spool is empty" in bench.loop.sentence(), "it ends")
    bench.watchman.want(wanted=True)
    bench.until(lambda: bench.log.starts == 2, "it runs again")
    bench.watchman.stop()
    assert bench.log.ends == 2
