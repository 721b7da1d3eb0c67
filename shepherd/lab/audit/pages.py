"""Lease pages that somebody else sends to the home collector, with a host's own rights there: forged ones, and hoarded
ones, which were good once."""

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence

from shepherd.core.lease.encode import canonical
from shepherd.lab.audit.place import host_of
from shepherd.lab.audit.report import Result, shut
from shepherd.lab.node import Node
from shepherd.lab.site import Site

PAGES = 'MyType == "ShepherdLeasePage"'
SENT = ("MyType", "Page", "Pages", "Payload", "Serial", "KeyId", "Signature")
MARK = "shepherd-audit"
ADDRESS = "<127.0.0.1:9618>"
READ_S = 6.0
"""In which each keeper of the lab reads its page at least twice."""
Ads = Sequence[Mapping[str, object]]


def forged(site: Site, lent: str) -> Result:
    """A page that lends a host that is at home, under the signature of another page."""
    host = at_home(site)
    keepers = site.collector_ads(site.cm, "any", constraint='ShepherdAd =?= "Keeper"')
    nonce = next(str(ad["Nonce"]) for ad in keepers if ad["ShepherdHost"] == host.name)
    regular = host_of(site, lent).name
    sent = [forgery(page, regular, host.name, nonce) for page in hoard(site)]
    was_tried = send(site, host, [page for page in sent if page])
    started = waits(lambda: host.pids("flock-init", containers=True))
    forget(host, len(sent))
    return shut("lease-forged", "lending a host by a page of its own", bool(started), was_tried=was_tried)


def forgery(page: Mapping[str, object], lent: str, host: str, nonce: str) -> Mapping[str, object]:
    """The page with the lease of `lent` made out to another host; empty if it lends nothing to `lent`."""
    body = json.loads(base64.b64decode(str(page["Payload"])))
    ours = [lease for lease in body["leases"] if lease["host"] == lent]
    if not ours:
        return {}
    body["leases"] = [{**ours[0], "host": host, "nonce": nonce, "lease": f"{ours[0]['lease']}0"}]
    body["serial"] += 1000
    payload = base64.b64encode(canonical(body)).decode()
    # with one page for all, the other host reads the same one
    return {**page, "Payload": payload, "Serial": body["serial"], "Pages": 1, "Page": 0}


def hoard(site: Site) -> Ads:
    """The pages in the home collector, to be kept."""
    return site.collector_ads(site.cm, "license", constraint=PAGES, attributes=SENT)


def hoarded(site: Site, kept: Ads) -> Result:
    """Pages of a lend that is over, sent again."""
    host = at_home(site)
    was_tried = send(site, host, kept)
    started = waits(lambda: [node.name for node in site.hosts if node.pids("flock-init", containers=True)])
    forget(host, len(kept))
    return shut("lease-hoarded", "lending hosts by pages of an earlier lend", bool(started), was_tried=was_tried)


def at_home(site: Site) -> Node:
    """A host that is not lent: who runs a startd of its own may advertise to the home collector."""
    return next(host for host in site.hosts if not host.pids("flock-init", containers=True))


def send(site: Site, host: Node, pages: Ads) -> bool:
    """Advertise them beside the shepherd's own; whether the collector took them."""
    for number, page in enumerate(pages):
        told = {**{name: page[name] for name in SENT}, "Name": f"{MARK}-{number}", "MyAddress": ADDRESS}
        host.write("/run/audit.ad", "".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items()))
        host.must(("condor_advertise", "-tcp", "UPDATE_LICENSE_AD", "/run/audit.ad"))
    taken = site.collector_ads(site.cm, "license", constraint=f'regexp("^{MARK}", Name)', attributes=("Name",))
    return bool(pages) and len(taken) == len(pages)


def forget(host: Node, pages: int) -> None:
    """Take them out of the collector again."""
    for number in range(pages):
        which = f'MyType = "Query"\nTargetType = "License"\nRequirements = Name == "{MARK}-{number}"\n'
        host.write("/run/audit.ad", which)
        host.run(("condor_advertise", "-tcp", "INVALIDATE_LICENSE_ADS", "/run/audit.ad"))


def waits(seen: Callable[[], Sequence[object]]) -> Sequence[object]:
    """What is seen while keepers have time to read; the first of it."""
    until_s = time.monotonic() + READ_S
    while time.monotonic() < until_s:
        if found := seen():
            return found
        time.sleep(0.2)
    return ()
