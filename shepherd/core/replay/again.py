"""A recorded decision made again from what is on record of it."""

from shepherd.core.policy.decide import decide
from shepherd.model.moment import Moment, Said
from shepherd.model.orders import Verdict
from shepherd.model.settings import Settings


def made_again(moment: Moment, settings: Settings) -> Verdict:
    """The verdict of this code on what was known then."""
    return decide(
        moment.snapshot,
        moment.switches,
        moment.memories,
        moment.flockoff,
        settings,
        moment.at_s,
        is_cycle=moment.said.is_cycle if moment.said else False,
        bars=moment.bars,
        past=moment.past,
    )


def is_same(said: Said, verdict: Verdict) -> bool:
    """Whether the same hosts were ordered to the same herds."""
    return {(one.host, one.herd) for one in said.orders} == {(one.host, one.herd) for one in verdict.orders}
