"""Org, secrets, audit; and the tables of `ledger_models.py`, `activity_models.py` and `consent_models.py`."""

from django.db import models

from fairlead.domain.role import Role
from fairlead.store.activity_models import CampaignActivity, MemberActivity
from fairlead.store.consent_models import Consent, ConsentScope, OptDecision, OptReview, OptShadow, SeenOptOut
from fairlead.store.ledger_models import BulkFlight, Digest, RowRefusal, ScopeState

__all__ = [
    "ApiToken",
    "AuditEntry",
    "BulkFlight",
    "CampaignActivity",
    "Consent",
    "ConsentScope",
    "Digest",
    "KnownList",
    "Measure",
    "MemberActivity",
    "OptDecision",
    "OptReview",
    "OptShadow",
    "Org",
    "RowRefusal",
    "ScopeState",
    "Secret",
    "SeenOptOut",
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
    value = models.JSONField(null=True, help_text="Null: put back to the default.")
    version = models.PositiveIntegerField(default=1)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "name", "subject"], name="store_setting_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.subject}".strip()


class KnownList(models.Model):
    """A list that was seen in Campaign Monitor, with its client: what pages and commands call them by. No people stand here."""

    org = models.ForeignKey(Org, on_delete=models.CASCADE)
    list_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    client_id = models.CharField(max_length=64)
    client_name = models.CharField(max_length=255)
    seen_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["client_name", "name", "list_id"]
        constraints = [models.UniqueConstraint(fields=["org", "list_id"], name="store_known_list_once")]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """What lets a program in (`store.tokens`). Only a hash of the token is kept; `calls` counts those since `calls_from`."""

    org = models.ForeignKey(Org, on_delete=models.CASCADE)
    name = models.CharField(max_length=80)
    digest = models.BinaryField(max_length=32, unique=True)
    read_only = models.BooleanField(default=False)
    role = models.PositiveSmallIntegerField(default=Role.FULL)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    calls_from = models.DateTimeField(null=True)
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["org", "name"], condition=models.Q(revoked_at=None), name="store_token_name_once"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Measure(models.Model):
    """One number for whoever watches (`store.measures`). `labels` is JSON with sorted keys: words of ours, nothing of people."""

    org = models.ForeignKey(Org, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    labels = models.CharField(max_length=200, default="{}")
    value = models.FloatField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "name", "labels"], name="store_measure_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.value}"
