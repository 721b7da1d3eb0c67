"""What install.md has administrators do by hand is no less than what Puppet does."""

import re

from tests.house import sources
from tests.puppet.module import FOLDER

INSTALL = (sources.PACKAGE / "docs/install.md").read_text(encoding="utf-8")
SETTING = re.compile(r"^ *([A-Z_]+) =(.*)$", re.MULTILINE)


def test_the_daemons_htcondor_is_as_strict() -> None:
    """A daemon that was installed by hand talked to the pools in the clear, and nobody had chosen that."""
    template = (FOLDER / "templates/daemon.conf.epp").read_text(encoding="utf-8")
    wanted = {name: value.strip() for name, value in SETTING.findall(template) if "<%" not in value}
    by_hand = {name: value.strip() for name, value in SETTING.findall(INSTALL)}
    assert wanted["SEC_DEFAULT_ENCRYPTION"] == "REQUIRED"
    assert {name: by_hand.get(name) for name in wanted} == wanted


def test_the_apparmor_profile_is_where_it_is_loaded_from_at_boot() -> None:
    """After a power cut no host could be lent: the profile had been loaded by hand, from a place that nobody reads."""
    laid = r"install -m 0644 images/flock/apparmor (\S+) && apparmor_parser -r -W (\S+)\n"
    assert re.findall(laid, INSTALL) == [("/etc/apparmor.d/shepherd-flock",) * 2]
    assert "shepherd::shipped { '/etc/apparmor.d/shepherd-flock':" in (FOLDER / "manifests/node/units.pp").read_text()


def test_tokens_are_laid_where_root_alone_writes() -> None:
    """A redirection as root, into a directory of the daemon's, wrote through the link that somebody had left there."""
    assert re.findall(r"> */etc/shepherd/tokens\.d", INSTALL) == []
    tmpfiles = (sources.ROOT / "systemd/tmpfiles.d/shepherd.conf").read_text()
    assert "d /etc/shepherd/tokens.d 0750 root shepherd -" in tmpfiles.splitlines()
