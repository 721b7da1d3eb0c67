"""Lease pages that somebody else sends to the home collector, with a host's own rights there: forged ones, and hoarded
ones, which were good once."""

import base64
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from shepherd.core.lease.encode import canonical
from shepherd.edges.signing import PageSigner
from shepherd.lab.audit.place import host_of
from shepherd.lab.audit.report import Result, shut
from shepherd.lab.eventually import eventually
from shepherd.lab.node import Node
from shepherd.lab.site import Site

PAGES = 'MyType == "ShepherdLeasePage"'
SENT = ("MyType", "Page", "Pages", "Payload", "Serial", "KeyId", "Signature")
MARK, FORGED = "shepherd-audit", "forged"
ADDRESS = "<127.0.0.1:9618>"
OLD = "replayed, or overtaken"
"""What a keeper says of a page that is older than one it has read."""
READ_S = 6.0
"""In which each keeper of the lab reads its page at least twice."""
ARMED_S = 90.0
Ad = Mapping[str, object]
Ads = Sequence[Ad]


def forged(site: Site, lent: str, key: str = "") -> Result:
    """A page that lends a host that is at home, under the signature of another page; or signed with the shepherd's own
    `key`, to see that nothing but the signature is in the way."""
    host = at_home(site)
    keepers = site.collector_ads(site.cm, "any", constraint='ShepherdAd =?= "Keeper"')
    nonce = next(str(ad["Nonce"]) for ad in keepers if ad["ShepherdHost"] == host.name)
    regular = host_of(site, lent).name
    sent = [forgery(page, regular, host.name, nonce, key) for page in hoard(site) if regular in leases_of(page)]
    was_tried = send(site, host, sent)
    started = waits(lambda: [line for line in keepers_log(host) if "preparing" in line and f'{FORGED}"' in line])
    refused = any("forged or damaged" in line for line in keepers_log(host))
    forget(host, len(sent))
    return shut("lease-forged", "lending a host by a page of its own", bool(started), was_tried=was_tried and refused)


def keepers_log(host: Node) -> list[str]:
    """What a keeper has said. A lend that the shepherd does not know is revoked within a second."""
    return host.read("/var/log/keeper.log").splitlines()


def forgery(page: Ad, lent: str, host: str, nonce: str, key: str) -> Ad:
    """The page with the lease of `lent` made out to another host, in the phase that makes its keeper begin."""
    body = body_of(page)
    lease = {**next(one for one in body["leases"] if one["host"] == lent), "host": host, "nonce": nonce}
    body |= {"leases": [{**lease, "phase": "arm", "lease": f"{lease['lease']}.{FORGED}"}], "pages": 1, "page": 0}
    body["serial"] += 1000
    payload = canonical(body)
    signature = base64.b64encode(signed(payload, key)).decode() if key else page["Signature"]
    text = base64.b64encode(payload).decode()
    return {**page, "Payload": text, "Serial": body["serial"], "Pages": 1, "Page": 0, "Signature": signature}


def signed(payload: bytes, key: str) -> bytes:
    """The signature of whoever holds the shepherd's key, given as PEM."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "key")
        path.touch(mode=0o600)
        path.write_text(key, encoding="ascii")
        return PageSigner.from_file(path).sign(payload).signature


def body_of(page: Ad) -> dict[str, Any]:
    """What a page says."""
    body: dict[str, Any] = json.loads(base64.b64decode(str(page["Payload"])))
    return body


def leases_of(page: Ad) -> dict[str, str]:
    """Hosts that a page lends, and in which phase."""
    return {lease["host"]: lease["phase"] for lease in body_of(page)["leases"]}


def hoard(site: Site) -> Ads:
    """The pages in the home collector, to be kept."""
    return site.collector_ads(site.cm, "license", constraint=PAGES, attributes=("Name", *SENT))


def hoarded(site: Site) -> Result:
    """Pages of lends that are over, put back in the place of the shepherd's own while it is away: those that made
    keepers begin, and did. Their keepers must say why they do not obey."""
    site.cm.must(("shepherd", "flockon"), user="shepherd")
    kept = eventually(lambda: arming(hoard(site)), ARMED_S, 0.1, what="a page that lends")
    begun = {host for page in kept for host, phase in leases_of(page).items() if phase == "arm"}
    eventually(lambda: begun <= {*containers(site)}, ARMED_S, 0.3, what=f"{begun} have begun by it")
    site.cm.must(("shepherd", "flockoff", "the audit ends a lend"), user="shepherd")
    eventually(lambda: not containers(site), ARMED_S, 0.3, what="all hosts are at home")
    site.cm.stop("shepherd")
    host = at_home(site)
    was_tried = send(site, host, kept, [str(page["Name"]) for page in kept])
    started = waits(lambda: containers(site))
    refused = [name for name in begun if any(OLD in line for line in keepers_log(site.host(name)))]
    detail = f"refused by {', '.join(refused) or 'nobody'} of {', '.join(sorted(begun))}"
    was_tried = was_tried and len(refused) == len(begun)
    tries = "lending hosts by pages of an earlier lend"
    return shut("lease-hoarded", tries, bool(started), detail, was_tried=was_tried)


def arming(pages: Ads) -> Ads:
    """Those that make a keeper begin."""
    return [page for page in pages if "arm" in leases_of(page).values()]


def containers(site: Site) -> list[str]:
    """Hosts with a container."""
    return [node.name for node in site.hosts if node.pids("flock-init", containers=True)]


def at_home(site: Site) -> Node:
    """A host that is not lent: who runs a startd of its own may advertise to the home collector."""
    return next(host for host in site.hosts if not host.pids("flock-init", containers=True))


def send(site: Site, host: Node, pages: Ads, names: Sequence[str] = ()) -> bool:
    """Advertise them, beside the shepherd's own or under these names; whether the collector took them."""
    names = names or [f"{MARK}-{number}" for number in range(len(pages))]
    for name, page in zip(names, pages, strict=True):
        told = {**{key: page[key] for key in SENT}, "Name": name, "MyAddress": ADDRESS}
        host.write("/run/audit.ad", "".join(f"{key} = {json.dumps(value)}\n" for key, value in told.items()))
        host.must(("condor_advertise", "-tcp", "UPDATE_LICENSE_AD", "/run/audit.ad"))
    there = {str(page["Name"]): page["Serial"] for page in hoard(site)}
    return bool(pages) and all(there.get(name) == page["Serial"] for name, page in zip(names, pages, strict=True))


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
