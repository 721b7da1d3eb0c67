"""A container's token in the wrong hands: what it is worth at the guests' side and at ours."""

import base64
import dataclasses
import functools
import json
import re
import subprocess
from collections.abc import Iterator

from shepherd.errors import Unavailable
from shepherd.lab.addresses import CM_PRIVATE, CM_WAN, FLOCK_PORT, HOME_PORT
from shepherd.lab.audit import pages
from shepherd.lab.audit.parts import Guests
from shepherd.lab.audit.place import host_of
from shepherd.lab.audit.report import NOT_MADE, OPEN, Result, need, shut
from shepherd.lab.eventually import eventually
from shepherd.lab.node import Node
from shepherd.lab.pools import FLOCK_CONFIG
from shepherd.lab.site import Site

TOKEN_S = 3600
ADVERTISED_S = 30.0
TOKENS = "/run/audit-token"
CHANGED = {"_CONDOR_SEC_TOKEN_SYSTEM_DIRECTORY": TOKENS, "_CONDOR_SEC_TOKEN_DIRECTORY": TOKENS}
MARKER, ATTRIBUTE = "shepherd-audit", "shepherdaudit"
TYPES = {"STARTD": "Machine", "MASTER": "DaemonMaster", "SCHEDD": "Scheduler"}
"""What an ad of each kind calls itself."""
RIGHTS = {"condor:/ADVERTISE_STARTD", "condor:/ADVERTISE_MASTER"}
SECRETS = ("Capability", "ClaimId", "ClaimIds", "ClaimIdList", "ChildClaimIds", "PairedClaimId", "TransferKey")
SENT = ("Attempt to send", "AUTHENTICATE", "DENIED")
"""What the tools say when an order came as far as the daemon that it was for."""
OUTSIDE = f"{CM_WAN}:{FLOCK_PORT}"


def tried(guests: Guests) -> Iterator[Result]:
    """What the token of a container is worth, if somebody got it out, at the guests' side and at ours."""
    site, flocking, neighbour = guests.site, guests.host, guests.neighbour
    lent = {host_of(site, name).name for name in (flocking, neighbour)}
    token = host_of(site, flocking).read("/run/shepherd/share/token")
    own_host = next(node for node in site.hosts if node.name not in lent)
    for node in (site.campus, own_host):
        node.write(f"{TOKENS}/own", token, mode=0o600)
    claims = token_claims(token)
    lives_s = float(str(claims.get("exp", "inf"))) - float(str(claims.get("iat", 0)))
    other = f"slot1@{neighbour}"
    yield shut("token-lifetime", "using it next week", not 0 < lives_s <= TOKEN_S, f"{lives_s:g} s")
    scope = set(str(claims.get("scope", "everything")).split())
    yield shut("token-rights", "rights beyond advertising", not scope <= RIGHTS, " ".join(sorted(scope)))
    believed = said(site, "need-token", "its own ad, by the same means", f"slot1_9@{flocking}", "STARTD", flocking)
    yield need("need-token", believed.tries, works=believed.got == OPEN, detail=believed.detail)
    yield said(site, "token-other-startd", "a false ad of another host's startd", other, "STARTD", f"{neighbour}")
    yield said(site, "token-many-startds", "filling the flock collector", f"slot7@{flocking}", "STARTD", flocking)
    yield said(site, "token-new-startd", "a startd that does not exist", "slot1@evil", "STARTD", "evil")
    yield said(site, "token-other-master", "a false ad of another host's master", neighbour, "MASTER", neighbour)
    yield said(site, "token-schedd", "posing as a guest's schedd", f"{MARKER}@evil", "SCHEDD", "evil")
    yield from by_shared_port(site)
    yield from by_a_guest(site, neighbour)
    yield harvested(site)
    yield pages.forged(site, flocking)
    home = ("condor_status", "-pool", f"{CM_PRIVATE}:{HOME_PORT}", "-any")
    yield ordered(site, "token-home-read", "reading the home pool with it", home, node=own_host)


def by_shared_port(site: Site) -> Iterator[Result]:
    """The flock pool's other daemons, by the one port of the central manager that containers reach. Each is first seen
    to answer HTCondor's own account there."""
    for name in ("negotiator", "master"):
        address = behind_the_port(site, name)
        for level in ("ADMINISTRATOR", "DAEMON", "NEGOTIATOR"):
            ask = ("condor_ping", "-addr", address, level)
            known = site.cm.run(ask, user="condor", env={"CONDOR_CONFIG": FLOCK_CONFIG}).returncode == 0
            result = ordered(site, f"token-{name}-{level.lower()}", f"the flock pool's {name} as {level}", ask)
            yield result if known else dataclasses.replace(result, got=NOT_MADE, detail=address)


def behind_the_port(site: Site, kind: str) -> str:
    """The address of a daemon of the flock pool's own, as somebody outside would write it."""
    ads = site.collector_ads(site.cm, kind, pool=site.flock_pool, attributes=("MyAddress", "Machine"))
    (own,) = [str(ad["MyAddress"]) for ad in ads if str(ad["Machine"]).startswith("cm")]
    found = re.search(r"sock=[^&>]+", own)
    return f"<{OUTSIDE}?{found[0]}>" if found else own


def by_a_guest(site: Site, neighbour: str) -> Iterator[Result]:
    """Orders to a lent host by a guest's own schedd, which may ask the flock pool where it is: by address, so that the
    startd and the master themselves must refuse."""
    machine = f'Machine == "{neighbour}"'
    drain, off = ("condor_drain", "-pool", OUTSIDE), ("condor_off", "-daemon", "master", "-addr")
    for ident, kind, order in (("guest-drain", "startd", drain), ("guest-off", "master", off)):
        ask = functools.partial(site.collector_ads, site.cm, kind, pool=site.flock_pool, constraint=machine)
        ads = eventually(ask, ADVERTISED_S, 0.5, what=f"the {kind} of {neighbour} is in the flock collector")
        done = site.campus.run((*order, str(ads[0]["MyAddress"])), timeout_s=40)
        text = " ".join((done.stdout + done.stderr).split())
        tries = f"a guest's {order[0]} to a lent host"
        yield shut(ident, tries, not is_refused(done), text[-200:], was_tried=any(word in text for word in SENT))


def harvested(site: Site) -> Result:
    """Whoever may advertise may read (HTCondor implies it): who is lent and for whom they work, but no secrets."""
    done = site.campus.run(("condor_status", "-pool", OUTSIDE, "-any", "-long"), env=CHANGED, timeout_s=40)
    secrets = sorted({word for word in SECRETS if f"\n{word} =" in done.stdout})
    tries, was_tried = "claims and capabilities of others", "MyType" in done.stdout
    return shut("token-harvest", tries, bool(secrets), " ".join(secrets), was_tried=was_tried)


def token_claims(token: str) -> dict[str, object]:
    """What a token says of itself."""
    middle = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims


def said(site: Site, ident: str, tries: str, name: str, kind: str, machine: str) -> Result:
    """An ad that the token's holder sends to the flock collector from outside; whether it is believed."""
    ad = f'MyType = "{TYPES[kind]}"\nName = "{name}"\nMachine = "{machine}"\nMyAddress = "<203.0.113.50:1>"\n'
    ad += f'StartdIpAddr = "<203.0.113.50:1>"\nScheddIpAddr = "<203.0.113.50:1>"\n{ATTRIBUTE} = true\n'
    ad += 'State = "Unclaimed"\nActivity = "Idle"\nSlotID = 1\n'
    site.campus.write("/run/audit.ad", ad)
    command = f"UPDATE_{kind}_AD"
    said = site.campus.run(("condor_advertise", "-pool", OUTSIDE, "-tcp", command, "/run/audit.ad"), env=CHANGED)
    constraint = f"{ATTRIBUTE} =?= true"
    believed = site.collector_ads(site.cm, kind.lower(), pool=site.flock_pool, constraint=constraint)
    if believed:
        back = ("condor_advertise", "-pool", OUTSIDE, "-tcp", f"INVALIDATE_{kind}_ADS", "/run/audit.ad")
        site.campus.run(back, env=CHANGED)
    detail = " ".join((said.stdout + said.stderr).split())[:200]
    return shut(ident, tries, bool(believed), detail)


def ordered(site: Site, ident: str, tries: str, argv: tuple[str, ...], node: Node | None = None) -> Result:
    """An order, or a question, with the token; whether it is obeyed. The tools do not always say so by their code."""
    try:
        done = (node or site.campus).run(argv, env=CHANGED, timeout_s=40)
    except Unavailable as exc:
        return shut(ident, tries, is_open=False, detail=str(exc)[:200])
    text = " ".join((done.stdout + done.stderr).split())
    return shut(ident, tries, not is_refused(done), text[:200])


def is_refused(done: "subprocess.CompletedProcess[str]") -> bool:
    """The tools do not always say so by their code."""
    text = done.stdout + done.stderr
    return done.returncode != 0 or any(word in text for word in ("ERROR", "Can't", "SECMAN", "denied", "DENIED"))
