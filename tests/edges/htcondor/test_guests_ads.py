"""What the flock collector tells of guests, made plain."""

import pytest

from shepherd.edges.htcondor.guests_ads import addresses, claims, claims_from, flock_ads, flock_ads_from
from shepherd.model.guest import Claim
from shepherd.model.stop import FlockAd

SINFUL = (
    "<192.0.2.7:9618?addrs=192.0.2.7-9618+10.0.0.5-9618&alias=ap.uni.example&noUDP&sock=schedd_1_a"
    "&CCBID=203.0.113.9:9619#4>"
)


def test_a_claim_without_a_job_names_its_schedd_too() -> None:
    """A claim that was just made has no job id, and was of nobody."""
    ads = [
        {"Name": "slot1_1@f205", "RemoteUser": "eve@uni", "RemoteScheddName": "ap", "ClientMachine": "192.0.2.7"},
        {"Name": "slot1_2@f205", "RemoteUser": "ann@uni", "GlobalJobId": "ap#1.0#9", "ClientMachine": "ap.uni"},
        {"RemoteUser": "no@slot"},
    ]
    assert claims_from(claims(ads)) == [
        Claim(slot="slot1_1@f205", user="eve@uni", schedd="ap", address="192.0.2.7"),
        Claim(slot="slot1_2@f205", user="ann@uni", schedd="ap"),
    ]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (SINFUL, ["192.0.2.7", "10.0.0.5"]),
        ("<192.0.2.7:9618>", ["192.0.2.7"]),
        ("<[2001:db8::1]:9618?addrs=[2001:db8::1]-9618+192.0.2.8-9618>", ["192.0.2.8"]),
        ("<999.0.2.7:9618>", []),
        ("192.0.2.7", []),
        (None, []),
    ],
)
def test_addresses_are_its_own_and_never_its_brokers(said: object, found: list[str]) -> None:
    """Cutting off the CCB server of one schedd cut off all of them."""
    assert addresses({"MyAddress": said}) == found


def test_who_has_not_signed_in_is_nobody() -> None:
    """An ad without an identity was taken for its name's."""
    rows = flock_ads(
        [{"Name": "ap", "MyAddress": SINFUL, "AuthenticatedIdentity": "guest.uni.1@flock"}],
        [{"Name": "eve@uni", "ScheddName": "ap", "AuthenticatedIdentity": "unauthenticated@unmapped"}],
    )
    assert flock_ads_from(rows) == [
        FlockAd(identity="guest.uni.1@flock", schedd="ap", address="192.0.2.7"),
        FlockAd(identity="guest.uni.1@flock", schedd="ap", address="10.0.0.5"),
        FlockAd(identity="", schedd="ap", user="eve@uni"),
    ]
