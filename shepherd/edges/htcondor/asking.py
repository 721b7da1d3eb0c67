"""The questions themselves, by HTCondor's bindings. Only the worker imports this.

Refused and silent are told apart by a second try: a ping says whether the connection or the handshake failed; the
bindings' query only says that it failed.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import classad2
import htcondor2

from shepherd.edges.htcondor import examine, far_clock, guests_ads, others, pages, queue_shapes, slots
from shepherd.edges.htcondor.expressions import both, is_machine, one_of
from shepherd.edges.htcondor.values import Ad, plain

Args = Mapping[str, Any]

GENERIC_KEEPER = 'ShepherdAd == "Keeper"'


class Silent(Exception):
    """The collector did not answer, or not wholly."""


class Refusing(Exception):
    """The collector does not want to talk to us."""


class Asking:
    """Questions to one collector."""

    def __init__(self, collector: str) -> None:
        self._collector = collector

    def answer(self, question: str, args: Args) -> object:
        """Raises Silent or Refusing."""
        return _QUESTIONS[question](self, args)

    def _query(
        self, kind: htcondor2.AdType, wanted: list[str], constraint: str | None = None
    ) -> Iterator[Ad]:
        began = time.monotonic()
        try:
            found: list[Any] = htcondor2.Collector(self._collector or None).query(kind, constraint, wanted)
        except htcondor2.HTCondorException as exc:
            raise self._why(exc, authority="READ", took_s=time.monotonic() - began) from exc
        return plain(found, wanted)

    def _advertise(self, ads: Sequence[Mapping[str, object]], command: str) -> None:
        began = time.monotonic()
        made = [classad2.ClassAd(dict(ad)) for ad in ads]
        try:
            htcondor2.Collector(self._collector or None).advertise(made, command)
        except htcondor2.HTCondorException as exc:
            raise self._why(exc, authority="DAEMON", took_s=time.monotonic() - began) from exc

    def _why(self, exc: Exception, *, authority: str, took_s: float) -> Silent | Refusing:
        limit_s = float(htcondor2.param.get("QUERY_TIMEOUT", "60"))
        if took_s > 0.8 * limit_s:
            return Silent(f"no answer within {took_s:.0f} s")
        address = self._sinful()
        if address is None:
            return Silent(f"its address is not known ({exc})")
        ad = classad2.ClassAd({"MyType": "Collector", "MyAddress": address, "CondorVersion": htcondor2.version()})
        try:
            htcondor2.ping(ad, authority)
        except htcondor2.HTCondorException as again:
            if "connect" in str(again):
                return Silent("nothing listens there")
            return Refusing(f"it refuses {authority}: our identity is not accepted or not allowed")
        return Silent("it broke its answer off")

    def _sinful(self) -> str | None:
        said = (self._collector or str(htcondor2.param.get("COLLECTOR_HOST", ""))).split(",")[0].strip()
        if not said or said.startswith("<"):
            return said or None
        place, _, rest = said.partition("?")
        host, _, port = place.rpartition(":") if place.count(":") == 1 else (place.strip("[]"), "", "9618")
        try:
            found = socket.getaddrinfo(host, int(port or 9618), type=socket.SOCK_STREAM)
        except (OSError, ValueError):
            return None
        ip = str(found[0][4][0])
        return f"<{f'[{ip}]' if ':' in ip else ip}:{port}{'?' + rest if rest else ''}>"

    def regular_startds(self, args: Args) -> object:
        """Machine to the fields of `slots.Regular`."""
        chosen = both(slots.WHOLE_SLOTS, one_of(args["hosts"]))
        parts = slots.PARTS if args["hosts"] is None else (None,)
        found = slots.newest(slots.regular(self._slots(both(chosen, part))) for part in parts)
        return {machine: _fields(row) for machine, row in found.items()}

    def flock_startds(self, args: Args) -> object:
        """Machine to the fields of `slots.Flock`."""
        chosen = both(slots.WHOLE_SLOTS, one_of(args["hosts"]))
        found = slots.flock(self._query(htcondor2.AdType.Slot, slots.FLOCK, chosen))
        return {machine: _fields(row) for machine, row in found.items()}

    def masters(self, args: Args) -> object:
        """Machine to (startd held off, heard at)."""
        return others.masters(self._query(htcondor2.AdType.Master, others.MASTER, one_of(args["hosts"])))

    def keepers(self, args: Args) -> object:
        """Host to the keeper's own words."""
        chosen = both(GENERIC_KEEPER, one_of(args["hosts"], attribute="ShepherdHost"))
        return others.keepers(self._query(htcondor2.AdType.Generic, others.KEEPER, chosen))

    def queue(self, args: Args) -> object:
        """Running jobs, ads refused, schedds missing, and of each schedd counted name, idle jobs, address, version."""
        schedds, identities = args["schedds"], args["identities"]
        here = others.present_schedds(self._query(htcondor2.AdType.Schedd, others.SCHEDD_ASKED), identities=identities)
        said = self._query(htcondor2.AdType.Submitter, others.SUBMITTER)
        idle, running, refused = others.demand(said, schedds=schedds, identities=identities)
        counted = [[name, idle.get(name, 0), *here[name]] for name in schedds if name in here]
        missing = [name for name in schedds if name not in here]
        gone = sum(jobs for name, jobs in idle.items() if name not in here)
        return [running, refused, missing, counted, gone]

    def shapes(self, args: Args) -> object:
        """What the idle jobs of one schedd ask for, and how many more its DAGs hold back."""
        schedd = _schedd(args["address"], args["version"])
        try:
            groups = _groups(schedd, queue_shapes.IDLE)
            store = queue_shapes.STORED if any("JobMaterializeLimit" in ad for ad in groups) else "false"
            constraint = f"({store}) || ({queue_shapes.DAGS})"
            later = schedd.query(constraint, queue_shapes.LATER, opts=htcondor2.QueryOpt.IncludeClusterAd)
        except htcondor2.HTCondorException as exc:
            problem, refused = _why_no_queue(args["address"], exc)
            raise Refusing(problem) if refused else Silent(problem) from exc
        counted = [*queue_shapes.GROUPED, "JobCount"]
        return queue_shapes.told(_evaluated(groups, counted), _evaluated(later, queue_shapes.LATER))

    def queue_problem(self, args: Args) -> object:
        """Why a schedd does not answer the like of `shapes`, empty if it does; and whom it refuses READ, if anybody."""
        ads = self._query(htcondor2.AdType.Schedd, others.SCHEDD_ASKED)
        here = others.present_schedds(ads, identities=args["identities"])
        if args["schedd"] not in here:
            raise Silent(f"it does not know {args['schedd']} any more")
        address, version = here[args["schedd"]]
        try:
            _groups(_schedd(address, version), "false")
        except htcondor2.HTCondorException as exc:
            return list(_why_no_queue(address, exc))
        return ["", ""]

    def age(self, _args: Args) -> object:
        """Seconds since the collector started."""
        age_s = others.age_s(self._query(htcondor2.AdType.Collector, others.COLLECTOR))
        if age_s is None:
            raise Silent("its own ad tells no StatsLifetime")
        return age_s

    def drainable(self, args: Args) -> object:
        """How the startd of a host is addressed, and the drain that is on; None if there is no startd."""
        chosen = both(slots.WHOLE_SLOTS, is_machine(args["host"]))
        return others.drainable(self._query(htcondor2.AdType.Slot, others.DRAINABLE, chosen))

    def publish(self, args: Args) -> object:
        """Send lease pages, and see them there."""
        ads: list[dict[str, Any]] = args["ads"]
        self._advertise(ads, "UPDATE_LICENSE_AD")
        wanted = {ad["Name"]: ad["Serial"] for ad in ads}
        for pause_s in (0.0, 0.05, 0.2, 0.5):
            time.sleep(pause_s)
            there = pages.serials(self._query(htcondor2.AdType.License, ["Name", "Serial"], pages.ALL))
            if all(there.get(name) == serial for name, serial in wanted.items()):
                return None
        raise Silent("it took lease pages but does not show them")

    def pages(self, args: Args) -> object:
        """The page of a place, or every page."""
        spot = args.get("spot")
        chosen = pages.ALL if spot is None else pages.constraint(spot)
        return pages.rows(self._query(htcondor2.AdType.License, pages.ATTRIBUTES, chosen))

    def local_drain(self, _args: Args) -> object:
        """The startd of this machine, by the address file it wrote, not by a collector."""
        file = Path(str(htcondor2.param.get("STARTD_ADDRESS_FILE", "")))
        try:
            address = file.read_text().splitlines()[0]
        except (OSError, IndexError) as exc:
            raise Silent(f"the startd left no address in {file}") from exc
        startd = Asking(address)
        return slots.drain_reason(startd._slots(None))

    def about(self, args: Args) -> object:
        """The collector's version, its age in seconds, and how many seconds its clock is ahead of ours."""
        (version, *_) = [*others.versions(self._query(htcondor2.AdType.Collector, others.COLLECTOR)), ""]
        return [version, self.age(args), far_clock.ahead_s(far_clock.is_later(self._holds))]

    def _holds(self, constraint: str) -> bool:
        """Whether a constraint that is about no ad holds where it is evaluated."""
        return any(self._query(htcondor2.AdType.Collector, ["Name"], constraint))

    def authority(self, args: Args) -> object:
        """Who we are there, in which trust domain, and what we may."""
        address = self._sinful()
        if address is None:
            raise Silent("its address is not known")
        try:
            return list(examine.authority(address, args["rights"], args["token"]))
        except examine.NobodyListens as exc:
            raise Silent("nothing listens there") from exc
        except examine.NoAnswer as exc:
            raise Silent("it broke its answers off") from exc

    def schedds(self, _args: Args) -> object:
        """Name of each schedd to who it has authenticated as."""
        return others.identities(self._query(htcondor2.AdType.Schedd, others.SCHEDD))

    def claims(self, _args: Args) -> object:
        """Slots that somebody has claimed."""
        return guests_ads.claims(self._query(htcondor2.AdType.Slot, guests_ads.CLAIM, guests_ads.CLAIMED))

    def flock_ads(self, _args: Args) -> object:
        """Schedds and submitters, with who they have authenticated as."""
        schedds = self._query(htcondor2.AdType.Schedd, guests_ads.SCHEDD)
        return guests_ads.flock_ads(schedds, self._query(htcondor2.AdType.Submitter, guests_ads.SUBMITTER))
    def schedd_places(self, _args: Args) -> object:
        """Name, address and authenticated identity of each schedd."""
        return [list(one) for one in others.places(self._query(htcondor2.AdType.Schedd, others.SCHEDD_PLACE))]

    def negotiators(self, _args: Args) -> object:
        """How many there are."""
        return len(list(self._query(htcondor2.AdType.Negotiator, ["Name"])))

    def parameters(self, args: Args) -> object:
        """HTCondor's configuration here."""
        return examine.parameters(args["names"])

    def _slots(self, constraint: str | None) -> Iterator[Ad]:
        return self._query(htcondor2.AdType.Slot, slots.REGULAR, constraint)

    def report(self, args: Args) -> object:
        """Send a keeper's ad."""
        self._advertise([args["ad"]], "UPDATE_AD_GENERIC")
        return None


def _schedd(address: str, version: str) -> htcondor2.Schedd:
    place = {"MyType": "Scheduler", "MyAddress": address, "CondorVersion": version}
    return htcondor2.Schedd(classad2.ClassAd(place))


def _groups(schedd: htcondor2.Schedd, constraint: str) -> list[Any]:
    found: list[Any] = schedd.query(constraint, queue_shapes.GROUPED, opts=htcondor2.QueryOpt.GroupBy)
    return found


def _why_no_queue(address: str, exc: Exception) -> tuple[str, str]:
    """Why a schedd did not answer, and whom it refuses READ."""
    try:
        identity, _, granted = examine.authority(address, ["READ"], "")
    except examine.NobodyListens:
        return "nothing listens there", ""
    except examine.NoAnswer:
        return "it broke its answers off", ""
    if identity and not granted:
        return f"it refuses {identity} READ", identity
    return f"its queue cannot be read: {exc}", ""


def _evaluated(ads: list[Any], names: Sequence[str]) -> list[Ad]:
    """Values of expressions; of such as cannot be known here, or fail, there is none."""
    return [{name: _value(ad, name) for name in names} for ad in ads]


def _value(ad: Any, name: str) -> object:  # noqa: ANN401 - the bindings' ad
    try:
        return ad.eval(name)
    except (KeyError, classad2.ClassAdException):
        return None


def _fields(row: slots.Regular | slots.Flock) -> list[object]:
    return [getattr(row, name) for name in row.__slots__]


_QUESTIONS: Mapping[str, Callable[[Asking, Args], object]] = {
    "regular_startds": Asking.regular_startds,
    "flock_startds": Asking.flock_startds,
    "masters": Asking.masters,
    "keepers": Asking.keepers,
    "queue": Asking.queue,
    "shapes": Asking.shapes,
    "queue_problem": Asking.queue_problem,
    "age": Asking.age,
    "drainable": Asking.drainable,
    "publish": Asking.publish,
    "pages": Asking.pages,
    "local_drain": Asking.local_drain,
    "report": Asking.report,
    "about": Asking.about,
    "authority": Asking.authority,
    "schedds": Asking.schedds,
    "claims": Asking.claims,
    "flock_ads": Asking.flock_ads,
    "schedd_places": Asking.schedd_places,
    "negotiators": Asking.negotiators,
    "parameters": Asking.parameters,
}
