"""Who cannot be a guest, and who cannot be one beside others."""

import dataclasses

import pytest

from shepherd.core.guest.rules import guest_problems, site_problems
from shepherd.model.guest import Guest, Standing
from tests.core.guest.some_guests import CAMPUS, OTHER


def keys(guest: Guest) -> set[str]:
    return {problem.key for problem in guest_problems(guest)}


def beside(guest: Guest, *others: Guest, graceful_s: float = 60.0) -> set[str]:
    return {problem.key for problem in site_problems(guest, others, graceful_s, "flock.lab")}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Campus"), ("name", ""), ("name", "../x"), ("name", "a\nb"), ("name", "x" * 32), ("name", "1st"),
        ("domain", ""), ("domain", "a b"), ("domain", 'x"y'), ("domain", "a@b"), ("domain", ".x"),
        ("schedds", ()), ("schedds", ("a", "A")), ("schedds", ('a"b',)), ("schedds", ("a b",)), ("schedds", ("@x",)),
        ("schedds", ("a@b@c",)), ("schedds", ("x\n",)), ("contact", "nobody"), ("contact", "a@b\nx@y"),
        ("hosts", -1), ("hosts", 10**7), ("notice_s", -1.0), ("notice_s", float("nan")), ("token_days", 0),
        ("token_days", 10**5), ("identity", "root@flock.lab"), ("generation", 0),
        ("identity", "guest.other.1@flock.lab"), ("identity", "guest.campus.2@flock.lab"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named_by_its_key(key: str, value: object) -> None:
    """What is written into HTCondor's configuration was once a name with a quotation mark in it."""
    assert keys(Guest(**{**vars(CAMPUS), key: value})) == {key}


def test_two_guests_share_neither_schedd_nor_domain() -> None:
    """One guest's removal ended the other's jobs, or could not."""
    assert beside(CAMPUS, OTHER) == set()
    assert beside(dataclasses.replace(CAMPUS, schedds=("AP.other.example",)), OTHER) == {"schedds"}
    assert beside(dataclasses.replace(CAMPUS, domain="Other-Example"), OTHER) == {"domain"}


def test_no_schedd_is_named_like_another_guests_user() -> None:
    """`second@other.example` was a schedd of one guest, and a user of the other, who advertised it."""
    second = dataclasses.replace(CAMPUS, schedds=("second@Other.example",))
    assert beside(second, OTHER) == {"schedds"}
    assert beside(OTHER, second) == {"schedds"}


def test_a_removed_guest_takes_nothing_from_others() -> None:
    """A pool that was renamed could not be added again, because of its old name."""
    gone = dataclasses.replace(CAMPUS, name="old", standing=Standing.REMOVED)
    assert beside(CAMPUS, gone) == set()


def test_the_flock_pools_own_domain_is_nobodys() -> None:
    """Its own accounts would be a guest's users."""
    assert beside(dataclasses.replace(CAMPUS, domain="Flock.LAB")) == {"domain"}


def test_no_more_notice_is_promised_than_is_given() -> None:
    """A guest was told ten minutes, and its jobs got one."""
    assert beside(dataclasses.replace(CAMPUS, notice_s=60.0)) == set()
    assert beside(dataclasses.replace(CAMPUS, notice_s=61.0)) == {"notice_s"}
