"""The roles of people who sign in through Salesforce: kept for a while, read anew in time, lost when they are gone there.

How a role is read knows the room of permissions; it says so by `provide`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.contrib.auth.models import User
from django.utils import timezone

from fairlead.domain.failure import Failure
from fairlead.domain.role import Role
from fairlead.domain.setting import Values
from fairlead.store import setting_rows
from fairlead.store.models import Org
from fairlead.sync import sides
from fairlead.ui.models import Standing
from fairlead.ui.session_settings import GRACE, RECHECK

log = structlog.get_logger(__name__)
TRY_AGAIN: Final = timedelta(minutes=1)
"""How long an org that did not answer is left alone."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the org says of a person now. `name` is shown and never kept."""

    role: Role
    permissions: tuple[str, ...] = ()
    name: str = ""


Reader = Callable[[Org, str], Reading]
"""Reads the role of the user with this id. Raises a Failure where the org cannot be asked."""


@dataclass(slots=True)
class _Provided:
    read: Reader | None = None


_provided = _Provided()


def provide(reader: Reader) -> None:
    """Say how roles are read; a later call replaces an earlier one."""
    _provided.read = reader


def note(org: Org, user_id: str, reading: Reading, now: datetime | None = None) -> Standing:
    """Keep what was read of a person who signs in; the user is made at the first time."""
    user, made = User.objects.get_or_create(username=user_id)
    if made:
        user.set_unusable_password()
        user.save()
    now = now or timezone.now()
    kept, _ = Standing.objects.update_or_create(
        user=user,
        org=org,
        defaults={
            "role": reading.role,
            "permissions": list(reading.permissions),
            "read_at": now,
            "tried_at": now,
        },
    )
    return kept


def is_known(org: Org, user_id: str) -> bool:
    """Whether this person has signed in before: of others nothing is kept."""
    return Standing.objects.filter(org=org, user__username=user_id).exists()


def of(org: Org, user: User) -> Standing | None:
    """What is kept of somebody in this org; None for a local account, and for who came in through another org only."""
    return Standing.objects.filter(org=org, user=user).first()


def is_local(user: User) -> bool:
    """Whether somebody has never come in through Salesforce."""
    return not Standing.objects.filter(user=user).exists()


def forget(org: Org) -> None:
    """Forget who came in through this org, which is removed: somebody without a standing would be a local account."""
    through = Standing.objects.filter(org=org).values("user")
    elsewhere = Standing.objects.exclude(org=org).values("user")
    User.objects.filter(pk__in=through).exclude(pk__in=elsewhere).delete()


def role_now(org: Org, username: str) -> Role | None:
    """The role of somebody who signs in through Salesforce, read anew where that is due; None for a local account."""
    known = Standing.objects.select_related("user").filter(user__username=username)
    kept = known.filter(org=org).first()
    if kept is None:
        return Role.NONE if known.exists() else None  # whoever came in through another org is nobody in this one
    now = fresh(org, kept, setting_rows.values(org))
    return Role(now.role) if now is not None else Role.NONE


def again(org: Org, user: User) -> Standing:
    """Read the role of a person now. Raises a Failure where the org cannot be asked."""
    if _provided.read is None:
        raise sides.NotProvided
    return note(org, user.get_username(), _provided.read(org, user.get_username()))


def fresh(org: Org, standing: Standing, chosen: Values) -> Standing | None:
    """The standing as it is now: read anew where that is due. None where nobody could confirm it for too long."""
    now = timezone.now()
    if now - standing.read_at < timedelta(minutes=chosen.of(RECHECK)):
        return standing
    if now - standing.tried_at >= TRY_AGAIN and _provided.read is not None:
        # noted first, so that requests at the same moment do not all ask
        Standing.objects.filter(pk=standing.pk).update(tried_at=now)
        try:
            return note(org, standing.user.get_username(), _provided.read(org, standing.user.get_username()))
        except Failure as failure:
            log.warning("role not confirmed", code=failure.code)
    return standing if now - standing.read_at < timedelta(minutes=chosen.of(GRACE)) else None
