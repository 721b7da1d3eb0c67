"""What people left is read once a tick, by all who obey it alike."""

from collections.abc import Sequence

from shepherd.model.intents import Intent, IntentKind
from shepherd.programs.intents import Intents
from shepherd.sim.site import Site


class Counting:
    """A spool that counts who reads it."""

    def __init__(self) -> None:
        self.reads = 0
        self.left: list[Intent] = []

    def waiting(self) -> Sequence[Intent]:
        self.reads += 1
        return tuple(self.left)

    def done(self, intent: Intent) -> None:
        self.left.remove(intent)


def test_the_directory_is_read_once_a_tick() -> None:
    """Latch, bans and quarantines each read a thousand files, each second."""
    site = Site()
    running = site.start_shepherd()
    running.intents.spool = counting = Counting()
    for _ in range(5):
        before, running.due_s = counting.reads, site.now_s
        running.tick_if_due()
        assert counting.reads == before + 1


def test_what_comes_during_a_tick_is_for_the_next_and_what_is_done_is_gone() -> None:
    """A ban was folded in by one reader and unknown to the other."""
    counting = Counting()
    intents = Intents(counting)
    one, two = (Intent(ident=name, kind=IntentKind.BAN, at_s=1.0, who="ann", why="", about={}) for name in "ab")
    counting.left = [one]
    intents.read()
    counting.left.append(two)
    assert intents.waiting() == (one,)
    intents.done(one)
    assert (intents.waiting(), counting.left) == ((), [two])
    intents.read()
    assert intents.waiting() == (two,)


class Companion:
    """Something beside the loop."""

    def __init__(self) -> None:
        self.ticks, self.problem = 0, "the logger is silent"

    def tick(self) -> None:
        self.ticks += 1


def test_what_runs_along_is_asked_at_each_tick_and_its_problem_is_shown() -> None:
    """A logger was silent for a week, and `-s` said that all was well."""
    site, companion = Site(), Companion()
    running = site.start_shepherd()
    running.companions = [companion]
    site.run(30)
    assert companion.ticks >= 20
    assert "the logger is silent" in str(running.ledger.present)
