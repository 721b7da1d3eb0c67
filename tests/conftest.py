"""What every test runs under: time limits, samples of large matrices, and a count of real runs.

`real` tests drive the lab's real components, and the last lines of a run say how many did. Cells of
a `large` matrix are drawn by a logged seed, so that a failing sample can be drawn again.
"""

import contextlib
import datetime
import os
import random
import signal
from collections import defaultdict
from collections.abc import Generator, Iterator
from types import FrameType
from typing import Any

import hypothesis
import pytest

from tests.left_open import close_all, too_many_open
from tests.stories import stories
from tests.turns import turn

SETUP_LIMIT_S = 590
"""Bringing the real site up belongs to the set-up of the first test which asks for it."""

SEED = "SHEPHERD_SAMPLE_SEED"
chosen_key = pytest.StashKey[list[str]]()


hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")
"""A busy machine is no counterexample."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run every cell of every large matrix")


def pytest_configure(config: pytest.Config) -> None:
    """Workers of one run draw the same samples, also over midnight."""
    config.stash[chosen_key] = []
    os.environ.setdefault(SEED, datetime.datetime.now(datetime.UTC).date().isoformat())


def sample_seed() -> str:
    """The seed of this run's samples: SHEPHERD_SAMPLE_SEED, or the day on which it began, so that days rotate."""
    return os.environ[SEED]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    dropped = set() if config.getoption("--full") else surplus(config, items)
    if dropped:
        config.hook.pytest_deselected(items=[item for item in items if item in dropped])
        items[:] = [item for item in items if item not in dropped]


def surplus(config: pytest.Config, items: list[pytest.Item]) -> set[pytest.Item]:
    """The cells that this run leaves out; what it keeps is noted for the summary."""
    config.stash[chosen_key] = []
    dropped: set[pytest.Item] = set()
    for group, (cells, sample) in groups(items).items():
        draw = random.Random(f"{sample_seed()}:{group}")
        ordered = sorted(cells, key=lambda item: item.nodeid)
        kept = draw.sample(ordered, min(sample, len(ordered)))
        dropped.update(set(cells) - set(kept))
        names = ", ".join(sorted(item.name for item in kept))
        config.stash[chosen_key].append(f"{group}: {len(kept)} of {len(cells)} cells: {names}")
    return dropped


def groups(items: list[pytest.Item]) -> dict[str, tuple[list[pytest.Item], int]]:
    """Cells of each large matrix with the size of its sample, by the matrix's name."""
    cells: dict[str, list[pytest.Item]] = defaultdict(list)
    sample: dict[str, int] = {}
    for item in items:
        if marker := item.get_closest_marker("large"):
            group = large_group(item, *marker.args)
            cells[group].append(item)
            sample[group] = int(marker.kwargs.get("sample", 5))
    return {group: (cells[group], sample[group]) for group in cells}


def large_group(item: pytest.Item, group: str | None = None) -> str:
    """The matrix of a cell: the marker's argument, or the test function's own name."""
    return group or item.nodeid.partition("[")[0]


@contextlib.contextmanager
def limited(limit_s: float, what: str) -> Iterator[None]:
    """Fail `what` when it is not over after `limit_s`: a hung test must never hang the suite."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"{what} was not over after {limit_s:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def body_limit_s(item: pytest.Item) -> float:
    """How long the body of `item` may take: its own `limit`, or the default of its kind."""
    if marker := item.get_closest_marker("limit"):
        return float(marker.args[0])
    return 300 if item.get_closest_marker("real") else 60


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Setting up, body and tearing down are one turn."""
    cache = item.config.cache
    assert cache is not None, "pytest runs without its cache directory, by which workers wait for each other"
    with turn(cache.mkdir("turns"), alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    with limited(SETUP_LIMIT_S, "the set-up"):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with limited(body_limit_s(item), "the test"):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None]:
    """The test that finds too many files open may not be the one that left them; the first that does is near it."""
    yield
    close_all()
    if found := too_many_open():
        pytest.fail(found)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure on a site shows what the site's programs said last."""
    report = yield
    if report.failed:
        report.sections += [("what the site said last", story) for story in stories(item)]
    return report


def real_counts(config: pytest.Config) -> tuple[int, int]:
    """Tests on real components: how many passed, how many came to an end of any kind."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    ended = [report for reports in (reporter.stats if reporter else {}).values() for report in reports]
    real = {one.nodeid: one for one in ended if isinstance(one, pytest.TestReport) and "real" in one.keywords}
    passed = [one for one in ended if isinstance(one, pytest.TestReport) and one.nodeid in real and one.when == "call"]
    return sum(one.passed for one in passed), len(real)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A green CI run that touched nothing real would be a lie, so it is a failure. A worker hands on what it drew."""
    told: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["chosen"] = session.config.stash[chosen_key]
    elif os.environ.get("CI") and exitstatus == pytest.ExitCode.OK and not real_counts(session.config)[0]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker drew; all drew the same."""
    node.config.stash[chosen_key] = getattr(node, "workeroutput", {}).get("chosen", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if chosen := config.stash[chosen_key]:
        terminalreporter.write_line(f"samples by seed {sample_seed()} ({SEED} repeats it, --full runs all):")
        for line in chosen:
            terminalreporter.write_line(f"  {line}")
    passed, asked = real_counts(config)
    terminalreporter.write_line(f"on real components: {passed} of {asked} tests passed")
