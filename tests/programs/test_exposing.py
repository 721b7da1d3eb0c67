"""Where the figures are shown, over addresses that are taken, reloads and defects of our own."""

import threading

import pytest

from shepherd.errors import Unavailable
from shepherd.model.metrics_settings import MetricsSettings
from shepherd.programs.exposing import Exposing

FIRST, SECOND = "127.0.0.1:9641", "127.0.0.1:9642"


class World:
    """A loopback and a disk."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.listening: list[str] = []
        self.files: dict[str, bytes] = {}
        self.full = False
        self.counted = 0
        self.defect = False
        self.log: list[str] = []
        self.turned = threading.Event()

    def listen(self, address: str) -> "Listening":
        if address in self.taken:
            raise Unavailable(f"{address} cannot be listened at: Address already in use")
        self.listening.append(address)
        return Listening(self, address)

    def file(self, path: str) -> "File":
        return File(self, path)

    def count(self) -> None:
        self.counted += 1
        self.turned.set()
        if self.defect:
            raise KeyError("hosts")

    def note(self, _: str, problem: str) -> None:
        self.log.append(problem)

    def exposing(self, **settings: str) -> Exposing:
        return Exposing(
            MetricsSettings(**settings), listen_at=self.listen, file_at=self.file, text=lambda: b"all",
            count=self.count, log=self.note,
        )  # fmt: skip


class Listening:
    """One address."""

    def __init__(self, world: World, address: str) -> None:
        self._world, self._address = world, address

    def close(self) -> None:
        self._world.listening.remove(self._address)


class File:
    """One file."""

    def __init__(self, world: World, path: str) -> None:
        self._world, self._path = world, path

    def write(self, body: bytes) -> None:
        if self._world.full:
            raise Unavailable(f"{self._path} cannot be written: No space left on device")
        self._world.files[self._path] = body

    def remove(self) -> None:
        self._world.files.pop(self._path, None)


@pytest.fixture(name="world")
def a_world() -> World:
    return World()


def test_an_address_that_is_taken_is_a_problem_until_it_is_free(world: World) -> None:
    """After an upgrade the old process was still there for a second, and there were no metrics until the next one."""
    world.taken.add(FIRST)
    exposing = world.exposing(textfile="/run/x.prom")
    exposing.turn()
    exposing.turn()
    assert exposing.problem == f"metrics: {FIRST} cannot be listened at: Address already in use"
    assert (len(world.log), world.files) == (1, {"/run/x.prom": b"all"})
    world.taken.clear()
    exposing.turn()
    assert (exposing.problem, world.listening) == ("", [FIRST])
    exposing.turn()
    assert world.listening == [FIRST]


def test_a_reload_moves_both_and_leaves_nothing(world: World) -> None:
    """The old file lay there for a year, and was read."""
    exposing = world.exposing(textfile="/run/x.prom")
    exposing.turn()
    exposing.adopt(MetricsSettings(listen=SECOND, textfile="/run/y.prom"))
    exposing.turn()
    assert (world.listening, world.files) == ([SECOND], {"/run/y.prom": b"all"})
    exposing.adopt(MetricsSettings(listen="", textfile=""))
    exposing.turn()
    assert (world.listening, world.files, exposing.problem) == ([], {}, "")


def test_a_reload_to_an_address_that_is_taken_and_back(world: World) -> None:
    """The way back was to an address that was listened at, so it was not tried."""
    exposing = world.exposing()
    exposing.turn()
    world.taken.add(SECOND)
    exposing.adopt(MetricsSettings(listen=SECOND))
    exposing.turn()
    assert (world.listening, SECOND in exposing.problem) == ([], True)
    exposing.adopt(MetricsSettings())
    exposing.turn()
    assert (world.listening, exposing.problem) == ([FIRST], "")


def test_a_full_disk_and_a_defect_are_told_and_hold_nobody_up(world: World) -> None:
    """The thread died of a number that was None; the file of that minute was shown for a month."""
    world.full = world.defect = True
    exposing = world.exposing(textfile="/run/x.prom")
    exposing.turn()
    assert "No space left on device" in exposing.problem
    assert "KeyError: 'hosts'" in exposing.problem
    assert world.listening == [FIRST]
    world.full = world.defect = False
    exposing.turn()
    assert (exposing.problem, world.log[-1]) == ("", "none any more")


def test_its_thread_begins_and_leaves_nothing_at_the_end(world: World) -> None:
    """A stopped daemon's file said that all was well."""
    exposing = world.exposing(textfile="/run/x.prom")
    exposing.start()
    assert world.turned.wait(5)
    exposing.close()
    assert (world.listening, world.files) == ([], {})
    never = world.exposing()
    never.close()
    assert never.problem == ""
