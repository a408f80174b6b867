"""An org leaves the installation: everything kept of it is deleted at once; in Salesforce and Campaign Monitor nothing changes.

Who keeps more than rows of the org, or knows why it must not go yet, says so by `also` and `object_to`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction

from fairlead.domain.failure import RefusedByGuard
from fairlead.store import audit
from fairlead.store.consent_models import OptDecision, OptShadow
from fairlead.store.models import AuditEntry, Org, Secret, SettingRow

Objection = Callable[[Org], str | None]
"""A sentence that says why an org cannot go yet; None where nothing speaks against it."""

_objections: list[Objection] = []
_more: list[Callable[[Org], None]] = []


class OnlyOrg(RefusedByGuard):
    """The last org of an installation cannot be removed."""

    code = "FL-654"
    next_step = "Disconnect it instead (`fairlead disconnect all`), or remove the whole installation with its database."

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is the only org here; an installation without one does nothing.")


class OrgInUse(RefusedByGuard):
    """Something still runs for an org that is to be removed."""

    code = "FL-655"

    def __init__(self, org: Org, why: list[str]) -> None:
        super().__init__(
            f"{org.name} is in use: {' '.join(why)} Nothing was deleted.",
            next_step=f"`fairlead --org {org.pk} disconnect all` stops all of it but what is paid for; then remove it.",
        )


class OtherOrgName(RefusedByGuard):
    """What was typed to confirm a removal is not the org's name."""

    code = "FL-656"
    next_step = "Nothing was deleted. Type the name as it is shown."

    def __init__(self, name: str) -> None:
        super().__init__(f"What was typed is not the org's name, which is {name}.")


@dataclass(frozen=True, slots=True)
class Going:
    """What a removal deletes besides cursors and jobs, in rows. `objections`: why it would be
    refused now; `only`: there is no other org, so that it always would.
    """

    settings: int
    opt_statuses: int
    audit_entries: int
    objections: tuple[str, ...]
    only: bool


def object_to(objection: Objection) -> None:
    """Ask this before an org is removed."""
    _objections.append(objection)


def also(forget: Callable[[Org], None]) -> None:
    """Do this when an org is removed, within the same transaction, before its rows go."""
    _more.append(forget)


def look(org: Org) -> Going:
    """What a removal would delete. Nothing changes."""
    return Going(
        SettingRow.objects.filter(org=org).count(),
        OptShadow.objects.filter(org=org).count(),
        AuditEntry.objects.filter(org=org).count(),
        tuple(_why_not(org)),
        only=not Org.objects.exclude(pk=org.pk).exists(),
    )


def remove(org: Org, typed: str, by: str) -> Going:
    """Delete the org and every row of it; `typed` is its name, typed to confirm it. Tells what went.

    The first of the orgs that stay has it in its audit log. Raises OtherOrgName, OnlyOrg, OrgInUse.
    """
    if typed.strip() != org.name:
        raise OtherOrgName(org.name)
    with transaction.atomic():
        # the whole row, not as in `orgs.lock`: nothing may come to refer to it meanwhile
        others = [one for one in Org.objects.select_for_update().order_by("id") if one.pk != org.pk]
        if not others:
            raise OnlyOrg(org.name)
        going = look(org)
        if going.objections:
            raise OrgInUse(org, list(going.objections))
        for forget in _more:
            forget(org)
        for holding in (OptShadow, OptDecision):  # they hold on to consents, which go with the org
            holding.objects.filter(org=org).delete()
        number, name = org.pk, org.name
        org.delete()
        audit.record(others[0], by, "remove org", f"{number}: {name}")
    return going


def _why_not(org: Org) -> list[str]:
    return [sentence for objection in _objections if (sentence := objection(org))]


def _holds_credentials(org: Org) -> str | None:
    sides = {"campaign_monitor": "Campaign Monitor", "salesforce": "Salesforce"}
    held = Secret.objects.filter(org=org, name__in=sides).order_by("name").values_list("name", flat=True)
    names = " and ".join(sides[name] for name in held)
    return f"It is connected to {names}." if names else None


object_to(_holds_credentials)
