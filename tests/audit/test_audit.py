"""The audit on a real site: guests get out nowhere, and get what they need."""

import pytest

from shepherd.lab.audit.report import Result
from shepherd.lab.audit.run import TALK, audited
from shepherd.lab.progress import Progress

PROBES = 60
SURELY_OPEN_IN_THE_TALK = {"process-list", "file-shared-1", "ipc-abstract-socket", "net-flock-collector"}

BROKEN_IN_THE_TALK = {"need-bystander"}
"""Where one job takes all memory, the kernel ends another."""


@pytest.mark.real
@pytest.mark.limit(900)
def test_guests_reach_nothing_they_must_not_and_all_they_need() -> None:
    """The firewall, the image and the container were each in order, and together had a hole."""
    results = audited(Progress(), {}, remap=True)
    assert [result for result in results if result.got != result.must] == []
    assert len(results) >= PROBES
    assert len({result.id for result in results}) == len(results)


@pytest.mark.real
@pytest.mark.limit(900)
@pytest.mark.large("audit of the original", sample=0)
def test_the_same_probes_find_the_originals_doors_open() -> None:
    """Probes that would find nothing wrong anywhere prove nothing here."""
    results = audited(Progress(), TALK, remap=False)
    assert {result.id for result in results if result.is_leak} >= SURELY_OPEN_IN_THE_TALK
    assert {broken.id for broken in results if broken.is_broken_need} <= BROKEN_IN_THE_TALK


def test_a_probe_that_could_not_be_made_counts_as_a_leak() -> None:
    """A job that never started had found no leak either."""
    broken = Result(id="x", tries="a door", must="shut", got="broken")
    assert broken.is_leak
    assert Result(id="x", tries="a need", must="open", got="broken").is_broken_need
