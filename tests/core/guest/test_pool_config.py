"""What the flock pool is told: HTCondor's own ClassAds judge what a guest may say."""

import re
import subprocess
import sys

import classad2
import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.guest.naming import PREFIX, group_of
from shepherd.core.guest.pool_config import HOST, MACRO, pool_config
from shepherd.model.guest import Guest, Standing
from tests.core.guest.some_guests import CAMPUS, OTHER, guests, sites
from tests.house.sources import ROOT

SUBMITTER = {"MyType": "Submitter", "ScheddName": "Submit.campus.example"}
LINE = re.compile(r"(#.*|[A-Za-z][A-Za-z0-9_]* (=|@=shepherd)( .*)?|\* \S+ guest_[a-z0-9_]+|@shepherd|)")


def macro(text: str, name: str) -> str:
    """The value of a macro of one line."""
    (value,) = re.findall(rf"^{name} =(.*)$", text, re.MULTILINE)
    return str(value).strip()


def believed(site: list[Guest], identity: str, **attributes: object) -> bool:
    """Whether the collector believes an ad."""
    ad = classad2.ClassAd({"MyType": "Scheduler", "AuthenticatedIdentity": identity, **attributes})
    ad["Requirements"] = classad2.ExprTree(macro(pool_config(site), MACRO))
    return ad.eval("Requirements") is True


@hypothesis.settings(max_examples=40)
@given(sites())
def test_every_line_is_one_of_its_few_forms(site: list[Guest]) -> None:
    """A guest's odd name ended a line, and what came after it was configuration."""
    assert [line for line in pool_config(site).splitlines() if not LINE.fullmatch(line)] == []


@hypothesis.settings(max_examples=40)
@given(sites(), st.randoms())
def test_the_same_guests_give_the_same_text(site: list[Guest], random) -> None:
    """Each look at it was a change, and each change a reconfiguration."""
    mixed = random.sample(site, len(site))
    assert pool_config(mixed) == pool_config(site)


@hypothesis.settings(max_examples=40)
@given(sites())
def test_only_who_may_sign_in_is_named(site: list[Guest]) -> None:
    """A removed guest's identity was still in one of the lists."""
    text = pool_config(site)
    assert set(macro(text, "SHEPHERD_GUESTS").split()) == {one.identity for one in site if one.may_sign_in}
    assert [one.identity for one in site if not one.may_sign_in and one.identity in text] == []


@hypothesis.settings(max_examples=40)
@given(sites())
def test_a_guest_is_believed_for_its_schedds_and_users_alone(site: list[Guest]) -> None:
    """One guest advertised another's schedd, and got its users' share."""
    for guest in filter(lambda one: one.may_sign_in, site):
        for other in site:
            own = other is guest
            for schedd in other.schedds:
                user, at_schedd = f"alice@{other.domain}", {"MyType": "Submitter", "ScheddName": guest.schedds[0]}
                assert believed(site, guest.identity, Name=schedd) is own
                assert believed(site, guest.identity, Name=user, **at_schedd) is own
                at_schedd["ScheddName"] = schedd.upper()
                assert believed(site, guest.identity, Name=f"a@{guest.domain}", **at_schedd) is own


@given(guests(), st.sampled_from(["guest.nobody.1@flock.lab", "f201@flock.lab", ""]))
def test_nobody_else_is_believed(guest: Guest, identity: str) -> None:
    """Whoever knew a schedd's name could be that schedd."""
    assert not believed([guest], identity, Name=guest.schedds[0])
    assert not believed([], guest.identity, Name=guest.schedds[0])


def test_names_that_only_look_alike_are_refused() -> None:
    """A dot in a regular expression is any character, and a domain ends where it ends."""
    site = [CAMPUS]
    for name in ("alice@campusXexample", "alice@campus.example.org", "@campus.example",
                 "a@campus.example@b", "alice@evil-campus.example", "submit.campus.example.org", ""):  # fmt: skip
        assert not believed(site, CAMPUS.identity, Name=name), name
        assert not believed(site, CAMPUS.identity, Name=name, **SUBMITTER), name
    assert not believed(site, CAMPUS.identity)
    assert believed(site, CAMPUS.identity, Name="physics.alice@campus.example", **SUBMITTER)
    assert believed(site, CAMPUS.identity, Name="group.carol@home.example@campus.example", **SUBMITTER)


def test_a_user_is_no_schedd_and_has_one() -> None:
    """A schedd that nobody had listed was advertised under a user's name, and so were users of no schedd."""
    alice = "alice@campus.example"
    assert believed([CAMPUS], CAMPUS.identity, Name=alice, **SUBMITTER)
    assert not believed([CAMPUS], CAMPUS.identity, Name=alice)
    assert not believed([CAMPUS], CAMPUS.identity, Name=alice, ScheddName=CAMPUS.schedds[0])
    assert not believed([CAMPUS], CAMPUS.identity, Name=alice, MyType="Submitter")
    assert not believed([CAMPUS], CAMPUS.identity, Name=alice, MyType="Submitter", ScheddName="x.campus.example")
    assert not believed([CAMPUS], CAMPUS.identity, Name=CAMPUS.schedds[0], MyType="Negotiator")


@pytest.mark.parametrize("lifetime", [2147483647, 1, 0, "long"])
def test_no_ad_says_how_long_it_lives(lifetime: object) -> None:
    """A removed guest's ad stayed until the collector was started anew, because it said so itself."""
    assert not believed([CAMPUS], CAMPUS.identity, Name=CAMPUS.schedds[0], ClassAdLifetime=lifetime)
    assert not believed([CAMPUS], CAMPUS.identity, Name="alice@campus.example", **SUBMITTER, ClassAdLifetime=lifetime)


def test_a_limit_is_a_quota_and_none_is_a_large_one() -> None:
    """The negotiator cuts quotas to whole numbers: 0.01 hosts were none."""
    text = pool_config([CAMPUS, OTHER])
    assert macro(text, "GROUP_NAMES").split() == [group_of(CAMPUS.domain), group_of(OTHER.domain)]
    assert int(macro(text, "GROUP_QUOTA_guest_campus_example")) > 10**7
    limited = Guest(**{**vars(CAMPUS), "hosts": 3})
    assert macro(pool_config([limited]), "GROUP_QUOTA_guest_campus_example") == "300"


def test_the_image_counts_a_claim_for_the_group_that_the_pool_is_told() -> None:
    """Claims were counted for one group and limited by another, so that nothing was."""
    user = "alice@Camp-us.Example.org"
    assert counted_for(f'RemoteUser = "{user}"') == f"{group_of('Camp-us.Example.org')}.{user}"
    assert counted_for('RemoteUser = "carol@home.example@campus.example"').startswith("guest_campus_example.")
    assert counted_for("Unclaimed = true") == ""


def counted_for(slot: str) -> str:
    """The accounting group of a slot, by the image's own expression. HTCondor's functions come with its bindings, which
    change the environment when they are imported."""
    name, _, expression = (ROOT / "images/flock/condor/accounting.ad").read_text().strip().partition(" = ")
    code = "import htcondor2, classad2, sys; ad = classad2.ClassAd('[' + sys.argv[1] + ']')\n"
    code += "ad['it'] = classad2.ExprTree(sys.argv[2]); it = ad.eval('it'); print(it if isinstance(it, str) else '')"
    assert name == "AccountingGroup"
    argv = [sys.executable, "-c", code, slot, expression]
    done = subprocess.run(argv, env={"CONDOR_CONFIG": "/dev/null"}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_shipped_configuration_counts_and_refuses_by_the_same_words() -> None:
    """A host weighed one in one file and a hundred in the other, and nobody was limited."""
    shipped = (ROOT / "puppet/files/flock-pool.conf").read_text()
    assert f"$({MACRO})" in macro(shipped, "COLLECTOR_REQUIREMENTS")
    assert macro(shipped, MACRO) == "False"
    assert macro(shipped, "SHEPHERD_GUESTS") == ""
    assert macro(shipped, "HOUSEKEEPING_ON_INVALIDATE") == "False"
    assert macro(shipped, "NEGOTIATOR_MATCHLIST_CACHING") == "False"
    assert macro(shipped, "SLOT_WEIGHT").startswith(f"{HOST} * ")
    assert f'"^{PREFIX[:-1]}[.]"' in macro(shipped, "SEC_TOKEN_REVOCATION_EXPR")
    assert f'"^{PREFIX[:-1]}[.]"' in macro(shipped, "FLOCK_STARTD_ADS")
    for level in ("READ", "ADVERTISE_SCHEDD"):
        assert "$(SHEPHERD_GUESTS)" in macro(shipped, f"ALLOW_{level}")
    others = ("WRITE", "DAEMON", "ADMINISTRATOR", "NEGOTIATOR", "ADVERTISE_STARTD", "ADVERTISE_MASTER")
    assert [level for level in others if "GUESTS" in macro(shipped, f"ALLOW_{level}")] == []


def taken(limit: int, in_use: int, cpus: int, memory: int, *, by_negotiator: bool = True) -> bool:
    """Whether a container with so much left, of 4 cores and 4096 MiB, takes a job of a guest with a limit of `limit`
    hosts who has `in_use` hundredths, by the image's own expression."""
    image = (ROOT / "images/flock/condor/10-flock.conf").read_text().replace("\\\n", "")
    slot = classad2.ClassAd({"Cpus": cpus, "Memory": memory, "TotalCpus": 4, "TotalMemory": 4096})
    slot["Requirements"] = classad2.ExprTree(macro(image, "WITHIN_LIMIT"))
    said = {"SubmitterGroupQuota": float(HOST * limit), "SubmitterGroupResourcesInUse": float(in_use)}
    return bool(classad2.ClassAd(said if by_negotiator else {}).matches(slot))


def test_a_container_takes_what_is_within_its_guests_limit() -> None:
    """A guest at half a host was given a whole one besides; or nothing more, for one job had come before the others."""
    assert taken(limit=1, in_use=0, cpus=4, memory=4096)
    assert taken(limit=1, in_use=50, cpus=2, memory=3072)
    assert not taken(limit=1, in_use=50, cpus=4, memory=4096)
    assert taken(limit=2, in_use=50, cpus=4, memory=4096)
    assert not taken(limit=2, in_use=150, cpus=3, memory=4000)
    assert not taken(limit=1, in_use=100, cpus=1, memory=1024)


def test_only_the_negotiators_word_limits() -> None:
    """A claim of a matched job was refused, since its schedd says nothing of quotas."""
    assert taken(limit=0, in_use=0, cpus=4, memory=4096, by_negotiator=False)
    shipped = (ROOT / "images/flock/condor/10-flock.conf").read_text()
    assert "&& $(WITHIN_LIMIT)" in shipped.partition("\nSTART = ")[2].partition("\nSUSPEND")[0]


def test_without_guests_nobody_is_one() -> None:
    """An empty file opened the pool."""
    text = pool_config([Guest(**{**vars(CAMPUS), "standing": Standing.REMOVED})])
    assert macro(text, "SHEPHERD_GUESTS") == ""
    assert macro(text, MACRO) == "False"
    assert "GROUP" not in text.replace("SHEPHERD_GUEST", "")
