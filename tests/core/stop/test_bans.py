"""Folding bans, and whom they hit."""

import dataclasses
import json

from hypothesis import given
from hypothesis import strategies as st

from shepherd.core.lease.encode import MAX_BYTES
from shepherd.core.records import bans_body, bans_from
from shepherd.core.stop.bans import fits, fold, hits, size_of, to_vacate, why_not_lent, with_seen
from shepherd.core.stop.encode import MAX_ADDRESSES, MAX_TEXT, MOST, ban_from, ban_members
from shepherd.model.guest import Claim
from shepherd.model.intents import Intent, IntentKind
from shepherd.model.stop import Ban, BanKind, FlockAd

IMAGE = "sha256:" + "a" * 64


def told(kind: IntentKind, of: BanKind, value: str, *, at_s: float = 10.0, for_s: float | None = None) -> Intent:
    """An order."""
    about = {"kind": of.value, "value": value}
    return Intent(ident=f"{at_s}{value}", kind=kind, at_s=at_s, who="ann", why="scans", for_s=for_s, about=about)


def a_ban(kind: BanKind, value: str, **more: object) -> Ban:
    """One that stands."""
    made = Ban(kind=kind, value=value, at_s=10.0, until_s=None, who="ann", why="scans")
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


intents = st.lists(
    st.builds(
        told,
        st.sampled_from([IntentKind.BAN, IntentKind.UNBAN, IntentKind.FLOCKOFF]),
        st.sampled_from(BanKind),
        st.sampled_from(["eve@campus", "campus", "p205"]),
        at_s=st.floats(0, 100),
        for_s=st.none() | st.floats(1, 100),
    ),
    max_size=8,
)


@given(intents, st.floats(0, 300))
def test_folding_the_same_orders_again_changes_nothing(orders: list[Intent], now: float) -> None:
    """An order stays in the spool until it is on record, and is folded in at each look: its ban must not move."""
    once = fold((), orders, now)
    assert fold(once, orders, now) == once


@given(intents, st.floats(0, 300))
def test_what_stands_is_what_was_banned_last_and_is_not_over(orders: list[Intent], now: float) -> None:
    """A ban that outlived its expiry or an unban stopped somebody for nothing; one that was lost stopped nobody."""
    last = {
        (order.about["kind"], order.about["value"]): order for order in orders if order.kind is not IntentKind.FLOCKOFF
    }
    meant = {
        name
        for name, order in last.items()
        if order.kind is IntentKind.BAN and (order.for_s is None or now < order.at_s + order.for_s)
    }
    assert {(ban.kind.value, ban.value) for ban in fold((), orders, now)} == meant


@given(intents, st.floats(0, 300))
def test_a_list_on_record_is_read_back_as_it_was(orders: list[Intent], now: float) -> None:
    """A restarted shepherd must stop whom the dead one stopped."""
    bans = fold((), orders, now)
    assert bans_from(bans_body(bans)) == bans


def test_a_flood_of_bans_never_fills_a_page() -> None:
    """A page that is too large is signed by nobody: one member of the group could have let every lease lapse."""
    why = "\u2603" * MAX_TEXT
    many = [dataclasses.replace(told(IntentKind.BAN, BanKind.USER, f"u{n}@campus"), why=why) for n in range(MOST + 5)]
    bans = fold((), many, 0.0)
    assert fits(bans)
    assert 100 < len(bans) < MOST
    assert sum(map(size_of, bans)) < MAX_BYTES / 2
    assert fold(bans, [dataclasses.replace(told(IntentKind.UNBAN, BanKind.USER, bans[0].value))], 0.0) == bans[1:]


@given(st.text(max_size=600), st.text(max_size=600))
def test_whatever_is_banned_can_be_read_from_a_page(value: str, domain: str) -> None:
    """A name with a newline, in one file of the spool, made every page unreadable, and all leases lapsed."""
    bans = fold((), [told(IntentKind.BAN, BanKind.GUEST, value)], 10.0)
    ads = [FlockAd(identity=f"guest.{value}.1@flock", schedd="ap", user=f"u@{domain}")]
    for ban in with_seen(bans, ads, {}):
        assert ban_from(json.loads(json.dumps(ban_members(ban)))) == ban


def test_a_second_ban_of_the_same_replaces_the_first_and_knows_its_addresses() -> None:
    """Prolonging a ban of a schedd opened the way to its addresses until it was seen again."""
    first = a_ban(BanKind.SCHEDD, "campus", addresses=("192.0.2.7",))
    [bans] = fold((first,), [told(IntentKind.BAN, BanKind.SCHEDD, "campus", at_s=50.0, for_s=60.0)], 50.0)
    assert (bans.at_s, bans.until_s, bans.addresses) == (50.0, 110.0, ("192.0.2.7",))


def test_addresses_are_those_that_somebody_signed_in_for() -> None:
    """An ad without an identity could have had any address cut off, the collector's own, too."""
    schedd, guest = a_ban(BanKind.SCHEDD, "campus"), a_ban(BanKind.GUEST, "uni")
    ads = [
        FlockAd(identity="guest.uni.1@flock", schedd="campus", address="192.0.2.7"),
        FlockAd(identity="guest.uni.1@flock", schedd="campus", address="192.0.2.8", user="eve@uni.example"),
        FlockAd(identity="", schedd="campus", address="192.0.2.9"),
        FlockAd(identity="guest.university.1@flock", schedd="other", address="192.0.2.10"),
    ]
    by_schedd, by_guest = with_seen((schedd, guest), ads, {})
    assert by_schedd.addresses == by_guest.addresses == ("192.0.2.7", "192.0.2.8")
    assert (by_schedd.domain, by_guest.domain) == ("", "uni.example")


def test_an_address_that_another_guest_has_too_is_not_cut_off() -> None:
    """A guest that was about to be banned called itself by another's address, and took that one down with it."""
    ads = [
        FlockAd(identity="guest.uni.1@flock", schedd="campus", address="192.0.2.7"),
        FlockAd(identity="guest.uni.1@flock", schedd="campus", address="198.51.100.9"),
        FlockAd(identity="guest.other.1@flock", schedd="ap.other", address="198.51.100.9"),
        FlockAd(identity="guest.uni.1@flock", schedd="second", address="192.0.2.7"),
    ]
    [seen] = with_seen((a_ban(BanKind.SCHEDD, "campus"),), ads, {})
    assert seen.addresses == ("192.0.2.7",)


def test_a_schedd_that_moves_does_not_get_away() -> None:
    """Its old address was opened as soon as its ad had another one, and it moved back."""
    ban = a_ban(BanKind.SCHEDD, "campus", addresses=("192.0.2.7",))
    moved = [FlockAd(identity="guest.uni.1@flock", schedd="campus", address="192.0.2.8")]
    [seen] = with_seen((ban,), moved, {})
    assert seen.addresses == ("192.0.2.7", "192.0.2.8")
    assert with_seen((seen,), [], {}) == (seen,)
    crowd = [dataclasses.replace(moved[0], address=f"198.51.100.{n}") for n in range(MAX_ADDRESSES + 9)]
    assert len(with_seen((seen,), crowd, {})[0].addresses) == MAX_ADDRESSES


def test_whom_each_kind_hits() -> None:
    """A guest's ban that hit a domain which only ends alike sent innocents home."""
    eve = Claim(slot="slot1_1@f205", user="eve@uni.example", schedd="campus", address="192.0.2.7")
    ann = Claim(slot="slot1_2@f205", user="ann@sub.uni.example", schedd="other")
    assert to_vacate([eve, ann], [a_ban(BanKind.USER, "Eve@UNI.example")]) == [eve]
    assert to_vacate([eve, ann], [a_ban(BanKind.SCHEDD, "campus")]) == [eve]
    assert to_vacate([eve, ann], [a_ban(BanKind.SCHEDD, "x", addresses=("192.0.2.7",))]) == [eve]
    assert to_vacate([eve, ann], [a_ban(BanKind.GUEST, "uni", domain="uni.example")]) == [eve]
    assert not hits(a_ban(BanKind.GUEST, "uni"), dataclasses.replace(ann, user="nobody"))
    assert to_vacate([eve, ann], [a_ban(BanKind.HOST, "f205"), a_ban(BanKind.IMAGE, IMAGE)]) == []


def test_hosts_and_images_are_not_lent() -> None:
    """A host under suspicion was lent once more before anybody had driven to it."""
    bans = (a_ban(BanKind.HOST, "p205"), a_ban(BanKind.IMAGE, IMAGE))
    assert "host is banned: scans (ann)" in why_not_lent(bans, "p205", "sha256:b")
    assert "image is banned" in why_not_lent(bans, "p206", IMAGE)
    assert not why_not_lent(bans, "p206", "sha256:b")
