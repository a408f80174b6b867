"""What the webhooks room decides: where webhooks can reach us, which to make and unmake, and whose record an address is now."""

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fairlead.domain.address import normal
from fairlead.domain.failure import FixTheSettings
from fairlead.domain.setting import Flag, Number

PATH: Final = "/hooks/"
"""What stands in an address of ours before the token."""

FEW: Final = 20
"""So many addresses are always looked at one by one."""
STATES_OF_A_LIST: Final = 5
A_PAGE: Final = 1_000

USE: Final = Flag(
    name="webhooks.use",
    title="Use webhooks",
    help="Campaign Monitor then tells at once what happens to subscribers, instead of being asked every hour. It must reach "
    "FAIRLEAD_PUBLIC_URL by https. Nothing is lost without webhooks: the sync finds the same, later.",
    default=False,
)
KEEP_DAYS: Final = Number(
    name="webhooks.keep_days",
    title="Keep what cannot be read",
    help="How long a post that is no webhook of Campaign Monitor is kept, encrypted, for whoever looks into it.",
    default=7,
    unit="days",
    most=90,
)


class NotReachable(FixTheSettings):
    """Campaign Monitor could not post to the address at which this Fairlead is."""

    code = "FL-325"
    next_step = (
        "Set FAIRLEAD_PUBLIC_URL to an address that begins with https:// and opens from the internet, "
        "or turn “Use webhooks” off."
    )

    def __init__(self, url: str) -> None:
        super().__init__(f"Webhooks cannot be used: Campaign Monitor cannot post to {url}.")


def base_of(public_url: str, account_url: str) -> str:
    """The beginning of our webhooks' addresses. An account on this machine reaches what others do not.

    Raises NotReachable where the address is no https, or is one of this machine or of a private network.
    """
    reachable = public_url.startswith("https://") and not _is_near(public_url)
    if not reachable and not _is_near(account_url):
        raise NotReachable(public_url)
    return public_url.rstrip("/") + PATH


def _is_near(url: str) -> bool:
    host = url.partition("://")[2].partition("/")[0].lower()
    name = host if host.startswith("[") else host.rpartition(":")[0] or host
    private = ("127.", "10.", "192.168.", "169.254.", *(f"172.{n}." for n in range(16, 32)), "[")
    return name.startswith(private) or name == "localhost" or "." not in name or name.endswith((".local", ".localhost"))


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as the account lists it. `ours`: made by this Fairlead; `current`: at the address that counts now;
    `complete`: it tells of everything, as JSON.
    """

    id: str
    ours: bool
    current: bool
    active: bool
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a list's webhooks: keep one, perhaps switch it on again, delete others, or make one."""

    keep: str = ""
    activate: bool = False
    delete: tuple[str, ...] = ()
    create: bool = False


def plan(listed: Sequence[Hook], *, wanted: bool) -> Plan:
    """One complete webhook of ours where it is wanted, none where it is not; those of others are left alone."""
    ours = [hook for hook in listed if hook.ours]
    fit = sorted((hook for hook in ours if hook.current and hook.complete), key=lambda hook: not hook.active)
    keep = fit[0] if wanted and fit else None
    others = tuple(hook.id for hook in ours if hook is not keep)
    if keep is None:
        return Plan(delete=others, create=wanted)
    return Plan(keep.id, not keep.active, others)


def read_singly(addresses: int, subscribers: int) -> bool:
    """Whether asking for each address costs fewer calls than reading the list."""
    return addresses <= FEW or addresses <= subscribers // A_PAGE + STATES_OF_A_LIST


Change = tuple[str, str]
"""An old address and the new one."""


@dataclass(frozen=True, slots=True)
class Move:
    """The record of `old` becomes that of `new`; where `new` has a record of its own (`merge`), the old one goes."""

    old: str
    new: str
    merge: bool


def changes(pairs: Iterable[Change]) -> frozenset[Change]:
    """Changes of address as a set: repeats, order, spellings and changes to the same are gone."""
    spelt = {(normal(old), normal(new)) for old, new in pairs}
    return frozenset((old, new) for old, new in spelt if old and new and old != new)


def connected(fresh: Collection[Change], known: Collection[Change]) -> frozenset[Change]:
    """The changes that hang together with these, of all that are known: one person's way from address to address."""
    found, left = set(fresh), set(known) - set(fresh)
    while True:
        touched = {address for change in found for address in change}
        more = {change for change in left if touched & set(change)}
        if not more:
            return frozenset(found)
        found |= more
        left -= more


def moves(changed: Collection[Change], subscribed: Collection[str], recorded: Collection[str]) -> list[Move]:
    """Which records of a list follow their subscribers.

    `subscribed` are the addresses that the list has now, `recorded` those that have a record. Only an address that is no
    longer on the list gives up its record, to the nearest address after it that is. Depends on nothing but the sets: said
    twice or in another order, it is the same; once done, nothing is left to do.
    """
    after: dict[str, list[str]] = {}
    for old, new in sorted(changed):
        after.setdefault(old, []).append(new)
    has = set(recorded)
    found: list[Move] = []
    left = [(old, _nearest(old, after, subscribed)) for old in sorted(after) if old in has and old not in subscribed]
    for old, (new, _) in sorted(left, key=lambda each: (each[1][1], each[0])):
        if new:
            found.append(Move(old, new, merge=new in has))
            has.add(new)
    return found


def _nearest(old: str, after: Mapping[str, Sequence[str]], subscribed: Collection[str]) -> tuple[str, int]:
    """The first address after this one that is on the list, and how many changes lie between; blank for none."""
    seen, queue = {old}, deque([(old, 0)])
    while queue:
        address, steps = queue.popleft()
        for new in after.get(address, ()):
            if new in subscribed:
                return new, steps
            if new not in seen:
                seen.add(new)
                queue.append((new, steps + 1))
    return "", 0
