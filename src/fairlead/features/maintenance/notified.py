"""Who is told, and by which ways: settings, and what is sealed because it is secret or an address of a person."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final
from urllib.parse import urlsplit

from django.db import transaction

from fairlead.domain.failure import FixTheSettings
from fairlead.store import audit, orgs, secrets
from fairlead.store.models import Org

SEALED_AS: Final = "notifications"
MOST: Final = 20
LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class BadNotified(FixTheSettings):
    """Recipients, sender or webhook address that cannot be used. `field` names the control."""

    code = "FL-267"

    def __init__(self, field: str, text: str, next_step: str) -> None:
        self.field = field
        super().__init__(text, next_step=next_step)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is sealed: recipients (by commas), sender, user and password of the mail server, webhook address and its key."""

    recipients: str = ""
    sender: str = ""
    user: str = ""
    password: str = ""
    hook_url: str = ""
    hook_key: str = ""

    @property
    def to(self) -> list[str]:
        """The recipients, one by one."""
        return [one.strip() for one in self.recipients.replace(";", ",").split(",") if one.strip()]


FIELDS: Final = tuple(each.name for each in fields(Sealed))
NEVER_SHOWN: Final = frozenset({"password", "hook_key"})
"""What is written and never shown again: a blank keeps it."""
CLEAR: Final = "-"
"""Forgets whatever it is given for."""


def read(org: Org) -> Sealed:
    """What is sealed of an org. Raises CannotOpenSecret."""
    kept = secrets.get(org, SEALED_AS)
    told: dict[str, Any] = json.loads(kept) if kept else {}
    return Sealed(**{name: str(told.get(name, "")) for name in FIELDS})


def write(org: Org, changes: dict[str, str], by: str) -> Sealed:
    """Change what is sealed; `CLEAR` empties it, a blank of what is never shown keeps it. Raises BadNotified, CannotOpenSecret.

    The audit tells what was changed, and not to what.
    """
    with transaction.atomic():
        orgs.lock(org.pk)
        before = read(org)
        wanted = asdict(before)
        for name, value in changes.items():
            value = value.strip()
            if value or name not in NEVER_SHOWN:
                wanted[name] = "" if value == CLEAR else value
        after = checked(Sealed(**wanted))
        changed = [name for name in FIELDS if getattr(before, name) != getattr(after, name)]
        if changed:
            secrets.put(org, SEALED_AS, json.dumps(asdict(after)))
            audit.record(org, by, "change notifications", ", ".join(changed))
    return after


def checked(sealed: Sealed) -> Sealed:
    """The same, if it can be used. Raises BadNotified."""
    if len(sealed.to) > MOST or not all(map(_is_address, sealed.to)):
        raise BadNotified(
            "recipients",
            "The recipients are no e-mail addresses.",
            f"Give at most {MOST} addresses, separated by commas.",
        )
    if sealed.sender and not _is_address(sealed.sender):
        raise BadNotified("sender", "The sender is no e-mail address.", "Give one address, without a name.")
    if sealed.hook_url:
        url = urlsplit(sealed.hook_url)
        if not url.hostname or url.scheme not in ("http", "https") or url.username is not None:
            raise BadNotified(
                "hook_url", "The webhook's address is none.", "Give an address that begins with https://."
            )
        if url.scheme == "http" and url.hostname not in LOCAL:
            raise BadNotified(
                "hook_url", "The webhook's address is not encrypted.", "Give an address that begins with https://."
            )
    return sealed


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(at and name and "." in host.strip(".") and text.isascii() and text.isprintable() and " " not in text)
