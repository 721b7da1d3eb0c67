"""The silencer where the monitoring says no: it is told for as long as it lasts, and asked for less and less often."""

import itertools
from collections.abc import Sequence

from shepherd.errors import MonitoringRefused
from shepherd.model.monitoring import Silence, SilenceKind
from shepherd.programs.silencer import LIST_S, REFUSED_S
from shepherd.sim.icinga import SimMonitoring
from tests.programs.test_silencer import SETTINGS, Desk


class Blind(SimMonitoring):
    """Our user may see downtimes, and no checks."""

    may_see = False

    def silences(self, kind: SilenceKind) -> Sequence[Silence]:
        if kind is SilenceKind.CHECKS_OFF and not self.may_see:
            raise MonitoringRefused("403 Missing permission: objects/query/service")
        return super().silences(kind)


def test_what_cannot_be_seen_of_another_way_is_told_until_it_can() -> None:
    """A shepherd that might not list what was switched off took it for nothing."""
    desk = Desk()
    blind = Blind(icinga=desk.icinga)
    desk.silencer.adopt(SETTINGS, blind)
    desk.run(2)
    assert "query/service" in desk.silencer.problem
    assert desk.silent() == {"f201!startd", "f202!startd"}
    blind.may_see = True
    desk.run(LIST_S + 2)
    assert desk.silencer.problem == ""


class Stubborn(SimMonitoring):
    """Our user may not end a silence any more."""

    asked_s: list[float]

    def end(self, silence: Silence) -> None:
        self.asked_s.append(self.icinga.wall_s())
        raise MonitoringRefused(f"{silence.check}: 403 Missing permission")


def test_a_silence_that_cannot_be_ended_is_told_until_it_can() -> None:
    """A host that had come home stayed silent for two hours; `-s` had nothing to say of it, and the refusal was asked
    for with every listing."""
    desk = Desk()
    desk.grant()
    desk.run(3)
    stubborn = Stubborn(icinga=desk.icinga)
    stubborn.asked_s = []
    desk.silencer.adopt(SETTINGS, stubborn)
    desk.switches.clear()
    told = []
    for _ in range(60):
        desk.run(10)
        told.append("p201!startd" in desk.silencer.problem)
    assert all(told[2:])
    gaps = [round(late - early) for early, late in itertools.pairwise(stubborn.asked_s)]
    assert gaps == sorted(gaps)
    assert gaps[-1] > 4 * REFUSED_S
    desk.silencer.adopt(SETTINGS, SimMonitoring(icinga=desk.icinga))
    desk.run(30)
    assert desk.silencer.problem == ""
    assert "p201!startd" not in desk.silent()
