"""`shepherd check`'s question about the monitoring, asked of a real Icinga."""

import contextlib
import dataclasses
import os
import pathlib

import pytest

from shepherd.core.checkup.daemon import monitoring_finding
from shepherd.core.monitoring.names import sample_of
from shepherd.errors import CommandFailed
from shepherd.lab.icinga import Instance, settings_for
from shepherd.model.finding import Finding, State, Subject
from shepherd.model.host import HostName, HostPair
from shepherd.model.icinga_settings import IcingaSettings
from shepherd.model.monitoring import SilenceKind
from shepherd.programs.checkup.look import Question, Round
from shepherd.programs.checkup_wiring import SitesMonitoring, in_time
from tests.icinga.places import CHECK, HEART, NAMES, OTHER

pytestmark = pytest.mark.real


def found(icinga: IcingaSettings) -> Finding:
    """What the verb says."""
    account = SitesMonitoring(icinga)
    asked = Question(
        subject=Subject.MONITORING,
        look=lambda: [monitoring_finding(account.address, account.lacking())],
        remedy="is it up, and are address, CA and password in [icinga] right?",
    )
    (finding,) = Round(in_time).ask([asked])
    return finding


@pytest.mark.parametrize("user", ["shepherd", "shepherd-checks"])
def test_the_shipped_users_are_well(icinga: Instance, tmp_path: pathlib.Path, user: str) -> None:
    """A check that is always red is not looked at."""
    settings = settings_for(icinga, tmp_path / "password", user=user, **NAMES)
    finding = found(settings)
    assert finding.state is State.OK
    assert icinga.url in finding.said


def test_checks_that_are_not_ours_are_named(icinga: Instance, tmp_path: pathlib.Path) -> None:
    """All permissions were there. No check had imported a template: nothing was silent, and everything was green."""
    settings = settings_for(icinga, tmp_path / "password", heartbeat=HEART, **NAMES)
    with contextlib.closing(SitesMonitoring(settings)) as account:
        assert account.lacking() == ()
        (tmp_path / "password").unlink()  # root's rights have been given up by now
        asked = sample_of([HostPair(host=HostName(f"p20{n}"), flock_name=f"f20{n}") for n in (1, 2)], settings)
        everything = [name for names in asked.values() for name in names]
        assert {CHECK, OTHER, HEART} < set(everything)
        assert account.unseen(everything) == []
        others = ["cm", "p201!other", "p999!startd", "nobody"]
        assert account.unseen([CHECK, *others]) == others


def test_root_may_look_at_a_password_that_is_the_daemons(icinga: Instance, tmp_path: pathlib.Path) -> None:
    """Root was told that the daemon's own file was loose, on a site where everything worked."""
    settings = settings_for(icinga, tmp_path / "password", **NAMES)
    os.chown(tmp_path / "password", 4711, -1)
    assert SitesMonitoring(settings, 4711).lacking() == ()
    with pytest.raises(CommandFailed, match="owner 4711"):
        SitesMonitoring(settings).lacking()


def test_what_is_wrong_is_named_with_a_remedy(icinga: Instance, tmp_path: pathlib.Path) -> None:
    """Everything was green, and nothing had been silent since the password was changed."""
    settings = settings_for(icinga, tmp_path / "password", **NAMES)
    wrong_password = tmp_path / "old-password"
    wrong_password.write_text("of-last-year")
    wrong_password.chmod(0o600)
    no_authority = tmp_path / "ca.crt"
    no_authority.write_text("no certificate")
    off = SilenceKind.CHECKS_OFF
    for changes, said in (
        ({"silence": off}, "lacks objects/modify/Host, objects/modify/Service"),
        ({"password_file": str(wrong_password)}, "does not accept user shepherd"),
        ({"password_file": str(tmp_path / "nowhere")}, "No such file"),
        ({"ca_file": ""}, "certificate"),
        ({"ca_file": str(no_authority)}, "authority"),
    ):
        finding = found(dataclasses.replace(settings, **changes))
        assert finding.state is State.WRONG, changes
        assert said in finding.said
        assert finding.remedy
