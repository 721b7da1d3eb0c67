"""What keepers ask and tell of a collector, at a given rate: `python -m shepherd.lab.bench_load HOSTS SECONDS`.

Prints one JSON object. One process plays many keepers, each with its own page and its own connection; like a real
keeper's worker it keeps its security session.
"""

import json
import statistics
import sys
import time

import classad2
import htcondor2

from shepherd.edges.htcondor import pages
from shepherd.lab.bench_hosts import LENT_EACH
from shepherd.lab.bench_pool import HOME
from shepherd.model.host import HostName
from shepherd.model.lease import host_number
from shepherd.model.node_settings import NodeSettings


def main() -> None:
    """Ask and tell for that long, as evenly as possible."""
    hosts, seconds = int(sys.argv[1]), float(sys.argv[2])
    asks_s, tells_s = rates(hosts)
    began, took = time.monotonic(), []
    asked = told = 0
    while (now := time.monotonic() - began) < seconds:
        if asked < now * asks_s:
            took.append(_ask(asked % hosts))
            asked += 1
        elif told < now * tells_s:
            _tell(told % hosts)
            told += 1
        else:
            time.sleep(0.001)
    print(json.dumps(_figures(asked, told, time.monotonic() - began, took)))


def rates(hosts: int) -> tuple[float, float]:
    """Questions and reports a second of so many keepers, one in four of them lent, by the default timers."""
    lent = hosts / LENT_EACH
    asks = (hosts - lent) / NodeSettings.poll_local_s + lent / NodeSettings.poll_flock_s
    return asks, hosts / NodeSettings.report_s


def _ask(number: int) -> float:
    began = time.monotonic()
    place = host_number(HostName(f"p{number + 1}"))
    found = htcondor2.Collector(HOME).query(htcondor2.AdType.License, pages.constraint(place), pages.ATTRIBUTES)
    assert len(found) == 1, "a keeper found no page"  # noqa: S101 - figures of a load that did nothing would be lies
    return time.monotonic() - began


def _tell(number: int) -> None:
    about = {"MyType": "Generic", "ShepherdAd": "Keeper", "ShepherdHost": f"p{number + 1}", "Phase": "idle"}
    ad = classad2.ClassAd({**about, "Name": f"shepherd-keeper@p{number + 1}", "Lock": "regular", "Nonce": "n"})
    htcondor2.Collector(HOME).advertise([ad], "UPDATE_AD_GENERIC")


def _figures(asked: int, told: int, took_s: float, each_s: list[float]) -> dict[str, float]:
    return {
        "asks_s": asked / took_s,
        "tells_s": told / took_s,
        "answer_median_ms": 1000 * statistics.median(each_s),
        "answer_worst_ms": 1000 * max(each_s),
    }


if __name__ == "__main__":
    main()
