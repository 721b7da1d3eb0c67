"""Local hosts that cannot be lent, as a person sees them."""

import dataclasses

import pytest

from shepherd.core.present import present
from shepherd.model.few import few
from shepherd.model.host import HostName, HostState
from shepherd.model.observation import KeeperPhase
from shepherd.model.orders import HostMemory
from shepherd.model.settings import HostSettings
from shepherd.views.blocked import MOST_REASONS, blocked_lines
from shepherd.views.present import ShownHost, present_from
from shepherd.views.status import Life, status_text
from tests import build

NOW = build.NOW


def shown(name: str, why: str, until_s: float | None = None) -> ShownHost:
    return ShownHost(
        host=name,
        flock_name="",
        state=HostState.LOCAL,
        why="",
        since_s=None,
        blocked=why,
        blocked_until_s=until_s,
    )


def site() -> str:
    """What `shepherd -s` prints of a site with every kind of trouble."""
    failed = build.keeper(KeeperPhase.FAILED, problem="the image sha256:ab is missing")
    seen = build.snapshot(
        build.idle_host("p201"),
        build.idle_host("p202"),
        build.facts("p203", regular=build.regular(gpus=1), keeper=build.keeper()),
        build.facts("p204", regular=build.regular(), keeper=failed),
        build.facts("p205", regular=build.regular()),
        build.facts("p206", regular=build.regular(busy=1)),
        build.idle_host("p207"),
        build.idle_host("p208", busy=1),
    )
    memory = HostMemory(failures=1, not_before_s=NOW + 540, last_problem="its keeper is not armed within 180 s")
    settings = build.settings(hosts=HostSettings(exclude=("p202",)))
    body = present(seen, {}, {HostName("p207"): memory}, None, settings, about={}, problems=[])
    return status_text(present_from(body), Life(running=True), NOW)


def test_each_local_host_that_cannot_be_lent_is_named_with_the_reason():
    """A third of the pool was never lent for a month, because an image was missing, and `-s` said nothing at all."""
    _, found, rest = site().partition("Active Flock Compute Nodes: 0\n[]\n\n")
    assert found
    assert rest.startswith(
        "Local hosts that cannot be lent: 6\n"
        "  its keeper is not heard (2): p205, p206\n"
        "  cooling after a failed lend: its keeper is not armed within 180 s (1): p207 for 9 min\n"
        "  excluded by hosts.exclude (1): p202\n"
        "  it has GPUs, whose memory cannot be shown to be scrubbed (1): p203\n"
        "  its keeper cannot: the image sha256:ab is missing (1): p204\n"
        "\n"
    )


def test_hosts_that_only_work_for_local_jobs_are_no_trouble():
    """A busy site is as it should be: nobody would read a list of all its hosts."""
    assert "p208" not in site().partition("Active Flock")[2]
    assert list(blocked_lines([shown("p1", "")], NOW)) == []


def test_a_view_of_an_older_shepherd_can_still_be_read():
    """After an upgrade the command met a view that the daemon of yesterday had published."""
    seen = build.snapshot(build.facts("p205", regular=build.regular()))
    body = dict(present(seen, {}, {}, None, build.settings(), about={}, problems=[]))
    [host] = present_from(body).hosts
    assert host.blocked == "its keeper is not heard"
    fields: dict[str, object] = body["hosts"][0]  # type: ignore[index]
    old = {key: value for key, value in fields.items() if not key.startswith("blocked")}
    [plain] = present_from({**body, "hosts": [old]}).hosts
    assert plain == dataclasses.replace(host, blocked="")


def test_a_thousand_hosts_with_the_same_trouble_fill_one_line():
    """One broken package repository scrolled everything else off the screen."""
    lines = list(blocked_lines([shown(f"p{n:04}", "no image") for n in range(1000)], NOW))
    assert lines[:2] == [
        "Local hosts that cannot be lent: 1000",
        f"  no image (1000): {', '.join(f'p{n:04}' for n in range(10))} and 990 more",
    ]


def test_many_different_troubles_are_cut_to_the_commonest():
    """Each keeper named its own container in what it complained of: a line for every host."""
    hosts = [shown(f"p{n:02}", f"trouble {n:02}") for n in range(30)] + [shown("p99", "trouble 07")]
    lines = list(blocked_lines(hosts, NOW))
    assert lines[1] == "  trouble 07 (2): p07, p99"
    assert len(lines) == 1 + MOST_REASONS + 1 + 1
    assert lines[-2].startswith("  other reasons (20): p10, p11")
    assert lines[-2].endswith(" and 10 more")


def test_what_a_stranger_wrote_stays_on_its_line():
    """A keeper's problem with a newline looked like another line of the status."""
    lines = list(blocked_lines([shown("p1", "bad\nActive Flock Compute Nodes: 99\x1b[2J")], NOW))
    assert lines == [
        "Local hosts that cannot be lent: 1",
        "  bad Active Flock Compute Nodes: 99 [2J (1): p1",
        "",
    ]


@pytest.mark.parametrize(
    ("names", "words"),
    [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c"], "a, b and 1 more")],
)
def test_a_few_names_are_named(names, words):
    """`and 0 more` made people look for a host that was not there."""
    assert few(names, most=2) == words
