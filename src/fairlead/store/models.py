"""Org, secrets, audit; and the ledger's tables and the roll-ups, which stand in `ledger_models.py` and `activity_models.py`."""

from django.db import models

from fairlead.store.activity_models import CampaignActivity, MemberActivity
from fairlead.store.ledger_models import BulkFlight, Digest, RowRefusal, ScopeState

__all__ = [
    "AuditEntry",
    "BulkFlight",
    "CampaignActivity",
    "Digest",
    "MemberActivity",
    "Org",
    "RowRefusal",
    "ScopeState",
    "Secret",
    "SettingRow",
]


class Org(models.Model):
    """One installation of Fairlead's customer; every other row belongs to one."""

    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Secret(models.Model):
    """A credential, sealed. Read and written by `fairlead.store.secrets` only."""

    org = models.ForeignKey(Org, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    value = models.BinaryField(help_text="MultiFernet token.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "name"], name="store_secret_once")]

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """Who changed what, from what to what. Holds settings, never records of people."""

    org = models.ForeignKey(Org, on_delete=models.CASCADE)
    at = models.DateTimeField(auto_now_add=True)
    who = models.CharField(max_length=150)
    what = models.CharField(max_length=80)
    subject = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["org", "-at"], name="store_audit_recent")]

    def __str__(self) -> str:
        return f"{self.what} {self.subject}"


class SettingRow(models.Model):
    """What was chosen for one setting (`domain.setting`). `subject` is a client's or list's id, blank for the org."""

    org = models.ForeignKey(Org, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=64, blank=True)
    value = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "name", "subject"], name="store_setting_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}".strip()
