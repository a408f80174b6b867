"""Forgetting what Fairlead itself keeps of a client, or of the records of an org. Nothing on either side changes by it."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import models

from fairlead.features.connections import rules
from fairlead.store import audit
from fairlead.store.ledger_models import ScopeState
from fairlead.store.models import CampaignActivity, MemberActivity, Org, SettingRow


@dataclass(frozen=True, slots=True)
class Kept:
    """How much is kept of a client: settings of it and of its lists, and cursors."""

    settings: int
    cursors: int


def of_client(org: Org, client_id: str, subjects: Collection[str]) -> Kept:
    """How much there is. `subjects` are ids of the client's lists and campaigns, as far as the org tells them."""
    return Kept(_settings(org, client_id, subjects).count(), _scopes(org, client_id).count())


def forget_client(org: Org, client_id: str, subjects: Collection[str]) -> Kept:
    """Forget settings, cursors with all that hangs on them, and roll-ups of a client; tells how much of the first two.

    Call it in a transaction. A later sync of the client begins as if there had been none.
    """
    settings, scopes = _settings(org, client_id, subjects), _scopes(org, client_id)
    kept = Kept(settings.count(), scopes.count())
    CampaignActivity.objects.filter(org=org, campaign__in=_subjects(org, client_id, subjects)).delete()
    settings.delete()
    scopes.delete()
    return kept


def forget_org(org: Org, by: str) -> None:
    """Forget what was written to an org that is no longer the connected one: all must be written anew.

    Settings stay, but for owners: they name users of the former org.
    """
    ScopeState.objects.filter(org=org).delete()
    CampaignActivity.objects.filter(org=org).delete()
    MemberActivity.objects.filter(org=org).delete()
    owners = SettingRow.objects.filter(org=org, name=rules.OWNER.name)
    clients = sorted(owners.values_list("subject", flat=True))
    owners.delete()
    audit.record(org, by, "forget former org", "Salesforce", before={"owners of": clients})


def _scopes(org: Org, client_id: str) -> models.QuerySet[ScopeState]:
    return ScopeState.objects.filter(org=org, client=client_id)


def _subjects(org: Org, client_id: str, subjects: Collection[str]) -> set[str]:
    """Ids of lists and campaigns, those that only the cursors know among them."""
    return set(subjects) | set(_scopes(org, client_id).exclude(list="").values_list("list", flat=True))


def _settings(org: Org, client_id: str, subjects: Collection[str]) -> models.QuerySet[SettingRow]:
    return SettingRow.objects.filter(org=org, subject__in={client_id, *_subjects(org, client_id, subjects)})
