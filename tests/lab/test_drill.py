"""A small drill on the real site: who did what is known, also of the time in which recorders were dead."""

import pytest

from shepherd.lab.drill.place import place
from shepherd.lab.drill.report import words
from shepherd.lab.drill.run import Drill, Size
from shepherd.lab.drill.schedule import FEW
from shepherd.lab.progress import Progress
from tests.conftest import sample_seed

# Half an hour of ordinary tests has no room for its five minutes.
pytestmark = [pytest.mark.real, pytest.mark.limit(540), pytest.mark.large("drill", sample=0)]
SMALL = Size(hosts=2, jobs=32, questions=72, strikes=FEW, each=8)


def test_whoever_did_it_is_named_whatever_was_killed_meanwhile():
    """A letter came about a connection of that very minute in which the flow logger was being restarted, and the answer
    named somebody else."""
    progress = Progress()
    with place(progress, SMALL.hosts) as there:
        findings = Drill(place=there, progress=progress, size=SMALL, seed=sample_seed()).perform()
    assert words(findings) == []
    assert findings.holds
    assert findings.runs >= SMALL.jobs
    assert findings.flow_logger_down_s > 0
    assert len(findings.judged) == SMALL.questions
