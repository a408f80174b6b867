"""How a subscriber shall be, and the evidence that lets one come back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

LONGEST_VALUE: Final = 250
"""Characters of one value of a custom field."""

NO_DATE: Final = "0000-00-00"
"""Clears a custom field that holds a date."""

_BAD_ADDRESS: Final = 1
_TOO_LONG: Final = 810


class ConsentToTrack(StrEnum):
    """Whether opens and clicks of an address may be recorded, on all lists of the client.

    `UNCHANGED` keeps what is known; of a new address consent is then assumed.
    """

    YES = "Yes"
    NO = "No"
    UNCHANGED = "Unchanged"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value of a custom field. A field of several choices takes one for each, and loses those that are not given.

    `key` is the field's key or its name. Dates are `yyyy/mm/dd`, and `NO_DATE` clears one. `clear` empties the field;
    with a value it takes this choice away. Raises ValueError where the key is blank.
    """

    key: str
    value: str = field(default="", repr=False)
    clear: bool = False

    def __post_init__(self) -> None:
        if not self.key.strip("[] "):
            raise ValueError(f"{self.key!r} is not the key of a custom field: give one such as '[colour]'.")

    def wire(self) -> dict[str, Any]:
        """As it is sent."""
        return {"Key": self.key, "Value": self.value} | ({"Clear": True} if self.clear else {})


@dataclass(frozen=True, slots=True)
class SubscriberWish:
    """How a subscriber shall be. What is None, and custom fields not named, stay as they are.

    `consent_to_track` and `consent_to_send_sms` count for the address on all lists of the client. `mobile_number` is
    in the form of E.164, blank for none. `restart_autoresponders` starts e-mails anew that follow a subscription; an
    import has its own word for that. Raises ValueError where consent is given in other words.
    """

    email: str = field(repr=False)
    consent_to_track: ConsentToTrack
    name: str | None = field(default=None, repr=False)
    values: Sequence[FieldValue] = ()
    mobile_number: str | None = field(default=None, repr=False)
    consent_to_send_sms: ConsentToTrack | None = None
    restart_autoresponders: bool = False

    def __post_init__(self) -> None:
        for consent in (self.consent_to_track, self.consent_to_send_sms):
            if consent is not None:
                ConsentToTrack(consent)

    @property
    def fault(self) -> int:
        """The code with which this is refused, as far as that is known before it is sent; 0 for none."""
        if not self.email.strip():
            return _BAD_ADDRESS
        return _TOO_LONG if any(len(each.value) > LONGEST_VALUE for each in self.values) else 0

    def wire(self) -> dict[str, Any]:
        """As it is sent, without a word on coming back."""
        body: dict[str, Any] = {"EmailAddress": self.email, "ConsentToTrack": self.consent_to_track}
        if self.name is not None:
            body["Name"] = self.name
        if self.values:
            body["CustomFields"] = [value.wire() for value in self.values]
        if self.mobile_number is not None:
            body["MobileNumber"] = self.mobile_number
        if self.consent_to_send_sms is not None:
            body["ConsentToSendSms"] = self.consent_to_send_sms
        if self.restart_autoresponders:
            body["RestartSubscriptionBasedAutoresponders"] = True
        return body


class ImportValue(
    msgspec.Struct, frozen=True, gc=False, rename={"key": "Key", "value": "Value", "clear": "Clear"}, omit_defaults=True
):
    """A `FieldValue` as it is sent in an import."""

    key: str
    value: str
    clear: bool = False


class ImportRow(
    msgspec.Struct,
    frozen=True,
    gc=False,
    omit_defaults=True,
    rename={
        "email": "EmailAddress",
        "consent_to_track": "ConsentToTrack",
        "name": "Name",
        "values": "CustomFields",
        "mobile_number": "MobileNumber",
        "consent_to_send_sms": "ConsentToSendSms",
    },
):
    """A `SubscriberWish` as it is sent in an import: made and encoded in a fiftieth of the time, and as little checked."""

    email: str
    consent_to_track: str
    name: str | None = None
    values: tuple[ImportValue, ...] = ()
    mobile_number: str | None = None
    consent_to_send_sms: str | None = None

    def __repr__(self) -> str:
        """Without the address."""
        return "ImportRow()"

    @property
    def fault(self) -> int:
        """As `SubscriberWish.fault`."""
        if not self.email.strip():
            return _BAD_ADDRESS
        return _TOO_LONG if any(len(each.value) > LONGEST_VALUE for each in self.values) else 0


@dataclass(frozen=True, slots=True)
class ConsentEvidence:
    """Why somebody who left may be brought back: they said so.

    `source` is where they did (a form, a preference centre, a recorded consent), `statement_id` names the record of
    it, `at` is when, with a time zone. Raises ValueError, naming what is missing.
    """

    source: str
    statement_id: str
    at: datetime

    def __post_init__(self) -> None:
        for name in ("source", "statement_id"):
            if not str(getattr(self, name)).strip():
                raise ValueError(f"{name} of the consent is blank: give what the record of the consent says.")
        if self.at.tzinfo is None or self.at.utcoffset() is None:
            raise ValueError(f"The time of the consent, {self.at}, has no time zone: give one that has.")
