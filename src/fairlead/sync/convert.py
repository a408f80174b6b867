"""Step 3: a page of the source as rows for the sink. Pure: no clock, no I/O. By column, not by row: it is the hot path."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from fairlead.domain.address import member_keys
from fairlead.domain.member import CONSENTS, MAX_CUSTOM_FIELDS, MAX_NAME, MAX_PHONE, MAX_READS_WITH
from fairlead.domain.records import Kind, Rows

MEMBER_FIELDS: Final = (
    "Member_Key__c",
    "List__r.List_Id__c",
    "Email__c",
    "Full_Name__c",
    "State__c",
    "State_Date__c",
    "Joined_Date__c",
    "Contact__c",
    "Lead__c",
    "Reads_Email_With__c",
    "Custom_Fields__c",
    "Consent_To_Track__c",
    "Mobile_Number__c",
    "Consent_To_Send_SMS__c",
    "Sync_Run__c",
)
MEMBER_KINDS: Final = tuple(
    Kind.DATETIME if name.endswith("_Date__c") else Kind.NUMBER if name == "Sync_Run__c" else Kind.TEXT
    for name in MEMBER_FIELDS
)


class Subscriber(Protocol):
    """A row of a list as Campaign Monitor gives it; dates are naive texts in the client's time zone."""

    @property
    def email(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def date(self) -> str: ...
    @property
    def joined(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def reads_email_with(self) -> str: ...
    @property
    def consent_to_track(self) -> str: ...
    @property
    def mobile_number(self) -> str: ...
    @property
    def consent_to_send_sms(self) -> str: ...
    @property
    def custom_text(self) -> str: ...


def members(
    subscribers: Sequence[Subscriber],
    list_id: str,
    contacts: list[str],
    leads: list[str],
    to_utc: Callable[[list[str]], list[str]],
    run: int,
) -> Rows:
    """Members of one list as rows of CM_Member__c.

    The state is the one Campaign Monitor lists somebody under. *Suppressed* is among the states for accounts whose older
    API tells it; v3.3 lists a suppressed address under the state that it has on the list (mostly Unsubscribed), and on a
    list that ignores the suppression list it stays Active and is mailed to: nothing is put in place of that.

    `contacts` and `leads` are record ids, one a subscriber, blank where none; `to_utc` turns a column of the client's
    wall-clock times into UTC; `run` is the number of the sync run.
    """
    count = len(subscribers)
    emails = [subscriber.email for subscriber in subscribers]
    moments = to_utc(
        [subscriber.date for subscriber in subscribers] + [subscriber.joined for subscriber in subscribers]
    )
    return Rows(
        MEMBER_FIELDS,
        MEMBER_KINDS,
        (
            member_keys(list_id, emails),
            [list_id] * count,
            emails,
            _at_most(MAX_NAME, [subscriber.name for subscriber in subscribers]),
            [subscriber.state for subscriber in subscribers],
            moments[:count],
            moments[count:],
            contacts,
            leads,
            _at_most(MAX_READS_WITH, [subscriber.reads_email_with for subscriber in subscribers]),
            _at_most(MAX_CUSTOM_FIELDS, [subscriber.custom_text for subscriber in subscribers]),
            _consents([subscriber.consent_to_track for subscriber in subscribers]),
            _at_most(MAX_PHONE, [subscriber.mobile_number for subscriber in subscribers]),
            _consents([subscriber.consent_to_send_sms for subscriber in subscribers]),
            [str(run)] * count,
        ),
    )


def _at_most(length: int, texts: list[str]) -> list[str]:
    """The texts, cut where they are longer than the field."""
    return [text[:length] for text in texts] if max(map(len, texts), default=0) > length else texts


def _consents(words: list[str]) -> list[str]:
    """Words of a consent as the org has them."""
    return words if CONSENTS.issuperset(words) else [word if word in CONSENTS else "" for word in words]
