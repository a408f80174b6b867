"""What single objects add to the common rules: called for each batch before and after it is written, deleted, undeleted."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fairlead_emulators.salesforce.errors import RowError
from fairlead_emulators.salesforce.model.schema import SObject
from fairlead_emulators.salesforce.records import members, persons, statuses
from fairlead_emulators.salesforce.records.outcome import Work
from fairlead_emulators.salesforce.state.org import Org

Before = Callable[[Work], None]
After = Callable[[Work, Sequence[str], Sequence[str]], None]
Restore = Callable[[Org, sqlite3.Connection, SObject, Sequence[str]], RowError | None]

_BEFORE: Final[Mapping[str, tuple[Before, ...]]] = {
    "Account": (persons.complete_accounts,),
    "CampaignMember": (members.complete,),
    "Contact": (persons.refuse_contacts,),
    "CampaignMemberStatus": (statuses.keep_in_order,),
}
_AFTER: Final[Mapping[str, tuple[After, ...]]] = {
    "Account": (persons.write_contacts, members.follow_accounts),
    "Campaign": (statuses.lay_first,),
    "CampaignMember": (members.mirror_written,),
    "CampaignMemberStatus": (statuses.after_write,),
    "Contact": (members.follow_people,),
    "Lead": (members.follow_people,),
}
_BEFORE_DELETE: Final[Mapping[str, Before]] = {
    "CampaignMemberStatus": statuses.refuse_delete,
    "Contact": persons.refuse_contacts,
}
_BEFORE_UNDELETE: Final[Mapping[str, Restore]] = {"CampaignMember": members.refuse_second}


def before_write(work: Work) -> None:
    """Completes and refuses rows of the batch by its object's own rules."""
    for rule in _BEFORE.get(work.batch.sobject.name, ()):
        rule(work)


def after_write(work: Work, made: Sequence[str], changed: Sequence[str]) -> None:
    """Does what follows from records made and changed."""
    for consequence in _AFTER.get(work.batch.sobject.name, ()) if made or changed else ():
        consequence(work, made, changed)


def before_delete(work: Work) -> None:
    """Refuses rows that must stay."""
    rule = _BEFORE_DELETE.get(work.batch.sobject.name)
    if rule is not None:
        rule(work)


def before_undelete(org: Org, connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> RowError | None:
    """Why those records cannot come back."""
    rule = _BEFORE_UNDELETE.get(sobject.name)
    return None if rule is None else rule(org, connection, sobject, ids)


def after_undelete(connection: sqlite3.Connection, sobject: SObject, ids: Sequence[str]) -> None:
    """Brings what follows from other records up to date again."""
    if sobject.name == "CampaignMember":
        members.mirror(connection, sobject, ids)
        members.renew_responses(connection, ids)
