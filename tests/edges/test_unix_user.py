"""Who somebody is, by the name service of this machine."""

import grp
import os
import pwd

from shepherd.edges.unix_user import owner_of, person_named, person_of
from shepherd.model.roles import Person


def test_root_is_in_its_groups_and_may_everything():
    """Root was asked for a group that no machine has."""
    root = person_of(0, daemon_uid=4711)
    assert (root.name, root.is_owner) == ("root", True)
    assert grp.getgrgid(pwd.getpwnam("root").pw_gid).gr_name in root.groups
    assert person_named("root", daemon_uid=4711) == root


def test_only_root_and_the_daemons_account_own():
    """`nobody` was taken for the daemon, whose state directory was not there yet."""
    nobody = pwd.getpwnam("nobody").pw_uid
    assert not person_of(nobody, daemon_uid=4711).is_owner
    assert person_of(nobody, daemon_uid=nobody).is_owner


def test_who_is_not_known_is_in_no_group():
    """An account was deleted; its intent still lay in the spool."""
    assert person_of(987_654_321, daemon_uid=1) == Person(name="uid 987654321")
    assert person_named("uid 987654321", daemon_uid=1) == Person(name="uid 987654321")


def test_the_owner_of_what_is_not_there_is_nobody(tmp_path):
    """Uid 0 would have made everybody's question root's."""
    assert owner_of(tmp_path) == os.geteuid()
    assert owner_of(tmp_path / "gone") == -1
