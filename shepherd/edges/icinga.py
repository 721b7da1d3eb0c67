"""Icinga2 2.13 and later as the Monitoring port.

Objects are named, never selected by a filter: an action with a type and nothing else means *all* objects, and filters
need a permission of their own from 2.17 on.
"""

from collections.abc import Iterator, Mapping, Sequence

from shepherd.edges.icinga_http import IcingaApi, Result, in_path
from shepherd.errors import MonitoringRefused, MonitoringUnavailable
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import (
    AUTHOR,
    Begin,
    Heartbeat,
    Permissions,
    Silence,
    SilenceKind,
    mark_in,
    until_in,
)

DOWNTIME_ATTRIBUTES = ("author", "comment", "host_name", "service_name", "start_time", "end_time")
CHECK_ATTRIBUTES = ("enable_active_checks", "vars")
VARIABLE = "shepherd_silence"
"""Custom variable of a check whose active checks we switched off; it holds our mark."""
SERVICE, HOST = "services", "hosts"


class Icinga:
    """One Icinga. For one thread at a time."""

    def __init__(self, icinga: IcingaSettings, owner: int | None = None) -> None:
        """`owner`: account, beside root and ours, whose the password may be. Raises CommandFailed if the password or
        the authority cannot be read."""
        self._api = IcingaApi(icinga, owner)
        names = (*icinga.regular, *icinga.flock)
        self._kinds = sorted({_kind(name) for name in names})

    def silences(self, kind: SilenceKind) -> Sequence[Silence]:
        """All of shepherds' silences of a kind."""
        match kind:
            case SilenceKind.DOWNTIME:
                return tuple(_downtimes(self._api.get("/objects/downtimes", DOWNTIME_ATTRIBUTES)))
            case SilenceKind.CHECKS_OFF:
                found = {plural: self._api.get(f"/objects/{plural}", CHECK_ATTRIBUTES) for plural in self._kinds}
                return tuple(one for results in found.values() for one in map(_switched_off, results) if one)

    def begin(self, wanted: Begin) -> Silence:
        """Silence a check."""
        match wanted.kind:
            case SilenceKind.DOWNTIME:
                name = self._schedule(wanted)
            case SilenceKind.CHECKS_OFF:
                self._refuse_others(wanted.check)
                self._switch(wanted.check, mark=wanted.mark.text(wanted.until_s))
                name = wanted.check
        return Silence(
            name=name,
            check=wanted.check,
            kind=wanted.kind,
            mark=wanted.mark,
            until_s=wanted.until_s,
            from_s=wanted.from_s,
        )

    def end(self, silence: Silence) -> None:
        """End one silence; nothing if it is gone."""
        match silence.kind:
            case SilenceKind.DOWNTIME:
                self._remove(silence.name)
            case SilenceKind.CHECKS_OFF:
                self._switch(silence.check, mark="")

    def report(self, heartbeat: Heartbeat) -> None:
        """Hand in the sign of life as a passive check result."""
        said = self._api.post("/actions/process-check-result", {
            **_named(heartbeat.check),
            "exit_status": 0 if heartbeat.is_well else 1,
            "plugin_output": heartbeat.text,
            "performance_data": [_figure(name, value) for name, value in heartbeat.performance.items()],
            "check_source": AUTHOR,
            "ttl": heartbeat.ttl_s,
        })  # fmt: skip
        if str(said.get("status", "")).startswith("Ignoring"):
            raise MonitoringRefused(f"{heartbeat.check}: {said['status']}")

    def permissions(self) -> Permissions:
        """What our user may do."""
        told, *_ = self._api.get("") or [{}]
        granted = told.get("permissions")
        if not isinstance(granted, list):
            raise MonitoringUnavailable("the monitoring does not say what our user may do")
        names = tuple(str(one).removesuffix(" (filtered)") for one in granted)
        return Permissions(user=str(told.get("user")), granted=names, version=str(told.get("version")))

    def has(self, check: str) -> bool:
        """Whether this check is there for our user: what it may not see is said to be none."""
        try:
            return bool(self._api.get(_object(check), ("name",)))
        except MonitoringRefused as exc:
            if exc.is_user:
                raise
            return False

    def close(self) -> None:
        """End the connection. Idempotent."""
        self._api.close()

    def _schedule(self, wanted: Begin) -> str:
        said = self._api.post("/actions/schedule-downtime", {
            **_named(wanted.check),
            "author": AUTHOR,
            "comment": wanted.mark.text(),
            "start_time": wanted.from_s,
            "end_time": wanted.until_s,
            "fixed": True,
        })  # fmt: skip
        name = str(said.get("name", ""))
        if not name.startswith(f"{wanted.check}!"):
            raise MonitoringRefused(f"a downtime for {wanted.check} was taken, and is none of it: {name!r}")
        return name

    def _remove(self, name: str) -> None:
        """404 may mean that it is gone, or that we may not: whether it is still there tells."""
        try:
            self._api.post("/actions/remove-downtime", {"downtime": name, "author": AUTHOR})
        except MonitoringRefused:
            if self._is_there(name):
                raise

    def _is_there(self, name: str) -> bool:
        try:
            return bool(self._api.get(f"/objects/downtimes/{in_path(name)}", ("author",)))
        except MonitoringRefused as exc:
            if exc.is_user:
                raise
            return False

    def _refuse_others(self, check: str) -> None:
        """What somebody else switched off is not ours to switch on again. Ours keeps one mark."""
        told, *_ = self._api.get(_object(check), CHECK_ATTRIBUTES) or [{}]
        attributes = told.get("attrs", {})
        if attributes.get("enable_active_checks") is False and _switched_off(told) is None:
            raise MonitoringRefused(f"{check}: its active checks were switched off by somebody else")

    def _switch(self, check: str, mark: str) -> None:
        attributes = {"enable_active_checks": not mark, f"vars.{VARIABLE}": mark}
        self._api.post(_object(check), {"attrs": attributes})


def _kind(check: str) -> str:
    return SERVICE if "!" in check else HOST


def _object(check: str) -> str:
    return f"/objects/{_kind(check)}/{in_path(check)}"


def _named(check: str) -> Mapping[str, str]:
    """An action's target. Never empty: without a name an action is for everything."""
    if not check:
        raise MonitoringRefused("a check without a name")
    return {"type": "Service", "service": check} if "!" in check else {"type": "Host", "host": check}


def _downtimes(results: Sequence[Result]) -> Iterator[Silence]:
    """Those of shepherds. Whose comment has no mark was made by hand, whatever its author says."""
    for result in results:
        attributes = result.get("attrs")
        if not isinstance(attributes, dict) or attributes.get("author") != AUTHOR:
            continue
        mark = mark_in(str(attributes.get("comment", "")))
        names = [str(one) for one in (attributes.get("host_name"), attributes.get("service_name")) if one]
        times = [attributes.get(name) for name in ("start_time", "end_time")]
        from_s, until_s = (float(time) if isinstance(time, int | float) else None for time in times)
        if mark and names and from_s is not None and until_s is not None:
            yield Silence(
                name=str(result.get("name")),
                check="!".join(names),
                kind=SilenceKind.DOWNTIME,
                mark=mark,
                until_s=until_s,
                from_s=from_s,
            )


def _switched_off(result: Result) -> Silence | None:
    """A check that we switched off, by the mark in it; None for any other."""
    attributes = result.get("attrs")
    variables = attributes.get("vars") if isinstance(attributes, dict) else None
    said = str(variables.get(VARIABLE, "")) if isinstance(variables, dict) else ""
    if (mark := mark_in(said)) is None:
        return None
    name = str(result.get("name"))
    return Silence(name=name, check=name, kind=SilenceKind.CHECKS_OFF, mark=mark, until_s=until_in(said))


def _figure(name: str, value: float) -> str:
    """As plugins write figures."""
    return f"{name.removesuffix('_s')}={value:g}{'s' if name.endswith('_s') else ''}"
