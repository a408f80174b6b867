"""What is said about a subscriber, and what a change is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fairlead_emulators.campaignmonitor.audience.fields import Sent
from fairlead_emulators.campaignmonitor.codes import Refusal
from fairlead_emulators.campaignmonitor.store import Subscriber, SubscriberList

_ADDRESS: Final = re.compile(r"[^@\s<>,;\"()]+@[^@\s.<>,;\"()]+(\.[^@\s.<>,;\"()]+)+")
_MOBILE: Final = re.compile(r"\+[1-9]\d{6,14}")


@dataclass(frozen=True)
class Entry:
    """What a call says about one subscriber; None means: not said, leave it."""

    address: str
    name: str | None = None
    sent: Sequence[Sent] = ()
    mobile: str | None = None
    sms: bool | None = None
    consent: str | None = None
    ip: str = ""
    """Where a person signed up from; empty when somebody else added them."""
    restart: bool = False
    """Whether automatic mails that follow the subscription start again."""
    quiet: bool = False
    """Whether none begins: so with an import that does not ask for them."""


NOTHING: Final = Entry("")


@dataclass(frozen=True)
class Change:
    """One subscriber before and after an event. `old` is None for a new one; `at`: unix seconds.

    `ip`, `restart`, `quiet`: as in the `Entry` that led to it.
    """

    on: SubscriberList
    old: Subscriber | None
    new: Subscriber
    at: float
    ip: str = ""
    restart: bool = False
    quiet: bool = False


def check_address(address: str, code: int = 1) -> str:
    """The address, stripped. Raises Refusal (1, or `code`) when it is not one."""
    address = address.strip()
    if _ADDRESS.fullmatch(address) is None:
        raise Refusal(code)
    return address


def check_mobile(mobile: str | None) -> None:
    """Raises Refusal 220 when a number is said and is not one."""
    if mobile and _MOBILE.fullmatch(mobile) is None:
        raise Refusal(220)


def check_entry(entry: Entry) -> str:
    """The address, stripped. Raises Refusal 1, 220, or 221 when address and mobile number are wrong."""
    try:
        check_mobile(entry.mobile)
    except Refusal:
        check_address(entry.address, code=221)
        raise
    return check_address(entry.address)
