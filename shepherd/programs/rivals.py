"""Who else publishes lease pages of this pool: a living second shepherd, told from what only lies about.

Pages stay in the collector after their shepherd has ended, and whoever may advertise may put anything there. So:

- Pages under our own key are believed. Those of another instance end us while they are fresh.
- Those of our own instance by another process are a predecessor's, or those of a copied state directory. A restart
  goes on at once: what has ended renews nothing. They end us when they are *renewed*: a serial above the one seen
  first, issued since we began, so that a predecessor's pages put back one by one are none. Of two copies the one that
  began second has seen the other first, and ends first.
- Pages under a key that is not ours cannot be verified here: a shepherd whose key the keepers trust, too, or a forgery.
  They end only a shepherd that begins (`WATCH_RENEWALS`), and only when they are renewed. While such pages of another
  instance are there and fresh at the first look, nothing is published for `HOLD_RENEWALS`; no lease lapses of that.
  Later they are a problem that is shown: whoever forges pages cannot end a shepherd that runs. Who goes on forging
  can refuse the start to one that ended meanwhile, with all hosts at home as after any end, until the administrator,
  whom the refusal tells so, starts it with `--ignore-unknown-keys`.
"""

import dataclasses
from collections.abc import Iterable, Mapping

from shepherd.errors import AnotherShepherd, PoolUnavailable
from shepherd.model.lease import LeasePage
from shepherd.model.one_line import one_line

ALIVE_RENEWALS = 3.0
"""Another shepherd is taken for alive while its pages are younger than this many renewals."""
HOLD_RENEWALS = 1.5
"""A shepherd that lives renews its pages within this many renewals."""
WATCH_RENEWALS = 5.0
"""A shepherd begins for this many renewals: of two that began at once, one has then seen the other renew."""
MOST = 1000
"""Publishers remembered: a flood of names must not fill the memory."""
KEY_CHARACTERS = 40


@dataclasses.dataclass(frozen=True, kw_only=True)
class Seen:
    """A page of this pool, as the collector shows it."""

    page: LeasePage
    key_id: str
    is_trusted: bool
    """Our own key signed it."""

    @property
    def publisher(self) -> tuple[str, str, str]:
        """Who says to have published it."""
        return self.key_id, self.page.instance, self.page.process


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """One look of one shepherd at the pages."""

    instance: str
    process: str
    wall_s: float
    steady_s: float
    renew_s: float
    ignore_unknown_keys: bool

    def is_own(self, page: LeasePage) -> bool:
        """Published by this very process."""
        return (page.instance, page.process) == (self.instance, self.process)

    def is_fresh(self, page: LeasePage) -> bool:
        """Its shepherd may live."""
        return self.wall_s - page.issued_at_s < ALIVE_RENEWALS * self.renew_s


class Rivals:
    """Other publishers of this pool's pages, over all looks of this process."""

    def __init__(self) -> None:
        self.problem = ""
        """What an administrator should know of them."""
        self._began: Look | None = None
        self._first: dict[tuple[str, str, str], int] = {}
        self._held: frozenset[tuple[str, str, str]] = frozenset()

    def look(self, pages: Iterable[Seen], look: Look) -> None:
        """Take in what is there now.

        Raises:
            AnotherShepherd: another shepherd lives.
            PoolUnavailable: it is not known yet whether one does; look again soon.
        """
        others = newest(one for one in pages if not look.is_own(one.page) and look.is_fresh(one.page))
        if self._began is None:
            self._began = look
            self._held = frozenset(name for name, one in others.items() if is_stranger(one, look))
        renewed = [one for name, one in others.items() if self._is_renewed(name, one, self._began.wall_s)]
        for one in others.values():
            if one.is_trusted and one.page.instance != look.instance:
                raise AnotherShepherd(other_instance(one, look))
        for one in renewed:
            if one.is_trusted:
                raise AnotherShepherd(copied(one))
        self._judge_unknown([one for one in renewed if not one.is_trusted], look, self._began)
        self._hold(others, look, self._began)

    def _is_renewed(self, name: tuple[str, str, str], one: Seen, began_s: float) -> bool:
        if one.is_trusted or len(self._first) < MOST:
            self._first.setdefault(name, one.page.serial)
        return one.page.issued_at_s > began_s and one.page.serial > self._first.get(name, one.page.serial)

    def _judge_unknown(self, renewed: list[Seen], look: Look, began: Look) -> None:
        self.problem = unknown_key(renewed[0], look) if renewed else ""
        begins = look.steady_s - began.steady_s <= WATCH_RENEWALS * look.renew_s
        if renewed and begins and not look.ignore_unknown_keys:
            raise AnotherShepherd(self.problem)

    def _hold(self, others: Mapping[tuple[str, str, str], Seen], look: Look, began: Look) -> None:
        left_s = began.steady_s + HOLD_RENEWALS * look.renew_s - look.steady_s
        held = [one for name, one in others.items() if name in self._held]
        if held and left_s > 0 and not look.ignore_unknown_keys:
            key = one_line(held[0].key_id, KEY_CHARACTERS)
            raise PoolUnavailable(
                f"lease pages of this pool under the unknown key {key} are there; "
                f"waiting {left_s:.0f} s to see whether another shepherd renews them"
            )


def newest(pages: Iterable[Seen]) -> dict[tuple[str, str, str], Seen]:
    """The newest page of each publisher: one issue is many pages."""
    found: dict[tuple[str, str, str], Seen] = {}
    for one in pages:
        if one.publisher not in found or one.page.serial > found[one.publisher].page.serial:
            found[one.publisher] = one
    return found


def is_stranger(one: Seen, look: Look) -> bool:
    """Under an unknown key, by another instance. Our own under another key is what a rotated key leaves."""
    return not one.is_trusted and one.page.instance != look.instance


def other_instance(one: Seen, look: Look) -> str:
    """What to say of another shepherd with our key."""
    return (
        f"another shepherd ({one.page.instance}) renewed its lease pages {look.wall_s - one.page.issued_at_s:.0f} s "
        f"ago; stop that one, or wait {ALIVE_RENEWALS * look.renew_s:.0f} s after it ended"
    )


def copied(one: Seen) -> str:
    """What to say of another process with our state."""
    return (
        f"another shepherd (a copy of this one, {one.page.instance}) renews its lease pages: the state directory was "
        "copied; stop one of the two, and start no shepherd on a copy"
    )


def unknown_key(one: Seen, look: Look) -> str:
    """What to say of pages that cannot be verified."""
    return (
        f"another shepherd ({one.page.instance}, under the unknown key {one_line(one.key_id, KEY_CHARACTERS)}) renewed "
        f"lease pages of this pool {look.wall_s - one.page.issued_at_s:.0f} s ago; stop that one. If there is none, "
        "they are forged: take the right to advertise from whoever sends them; "
        "until then `shepherd run --ignore-unknown-keys` starts"
    )
