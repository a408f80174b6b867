"""Opt status as it is remembered. People stand here as keyed hashes; an address is sealed while a person has to look at it.

Rows of shadows, consents and history have no end: who once said *out* is out also when all records are gone.
"""

from django.db import models

from fairlead.domain.consent import Basis, Opt, Review, Side
from fairlead.domain.consent_book import Answer

OPTS = [(each.value, each.value) for each in Opt]
SIDES = [(each.value, each.value) for each in Side]


class ConsentScope(models.Model):
    """What the last run of a client was about (`consent_guard.scope_hash`), and with which key its addresses are hashed."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    scope = models.CharField(max_length=64, blank=True)
    key_check = models.BinaryField(max_length=32)

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["org", "client"], name="store_consent_scope_once")]

    def __str__(self) -> str:
        return self.client


class Consent(models.Model):
    """That somebody agreed to be mailed. `used_at`: the commit that used it, or set it aside."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    address = models.BinaryField(max_length=32)
    side = models.CharField(max_length=20, choices=SIDES)
    basis = models.CharField(max_length=40, choices=[(each.value, each.value) for each in Basis])
    source = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField()
    user = models.CharField(max_length=64, blank=True, help_text="Id of who recorded it; blank: the person themselves.")
    used_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(
                fields=["org", "client", "address", "side", "basis", "source", "at"], name="store_consent_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["org", "client", "address"], condition=models.Q(used_at=None), name="store_consent_unused"
            )
        ]

    def __str__(self) -> str:
        return f"{self.basis} {self.at:%Y-%m-%d}"


class OptShadow(models.Model):
    """`domain.consent.Shadow` of one address. Kept when its records disappear."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    address = models.BinaryField(max_length=32)
    agreed = models.CharField(max_length=3, blank=True, choices=OPTS)
    since = models.DateTimeField()
    salesforce = models.CharField(max_length=3, blank=True, choices=OPTS)
    campaign_monitor = models.CharField(max_length=3, blank=True, choices=OPTS)
    evidence = models.ForeignKey(Consent, null=True, on_delete=models.PROTECT)
    job = models.CharField(max_length=40, blank=True)
    changes = models.JSONField(default=list, help_text="The last moments of change, ISO with offset.")
    contested = models.BooleanField(default=False)

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["org", "client", "address"], name="store_shadow_once")]
        indexes = [
            models.Index(fields=["org", "client", "job"], condition=~models.Q(job=""), name="store_shadow_in_flight")
        ]

    def __str__(self) -> str:
        return self.agreed


class SeenOptOut(models.Model):
    """An opt-out of a side's history that a commit has used: what an overlap reads again is no second one."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    key = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["org", "client", "key"], name="store_seen_opt_out_once")]
        indexes = [models.Index(fields=["org", "client", "at"], name="store_seen_opt_out_at")]


class OptDecision(models.Model):
    """One line of an address's history: rule, both values, shadow before and after, what was written, consent, what was heard."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    address = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    rule = models.PositiveSmallIntegerField()
    salesforce = models.CharField(max_length=3, blank=True, choices=OPTS)
    campaign_monitor = models.CharField(max_length=3, blank=True, choices=OPTS)
    before = models.CharField(max_length=3, blank=True, choices=OPTS)
    after = models.CharField(max_length=3, blank=True, choices=OPTS)
    out = models.JSONField(default=list, help_text="Sides that were written out to.")
    into = models.JSONField(default=list, help_text="Sides that were written in to.")
    evidence = models.ForeignKey(Consent, null=True, on_delete=models.PROTECT)
    job = models.CharField(max_length=40, blank=True)
    heard = models.JSONField(default=list, help_text="Opt-outs and consents known then: side, value, moment.")

    class Meta:
        app_label = "store"
        indexes = [models.Index(fields=["org", "client", "address", "-at"], name="store_opt_decision_of")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.after}"


class OptReview(models.Model):
    """An address that a person should look at. Its address is sealed while it waits, and gone once it is decided."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    address = models.BinaryField(max_length=32)
    sealed = models.BinaryField(null=True)
    reason = models.CharField(max_length=60, choices=[(each.value, each.value) for each in Review])
    rule = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=64, blank=True, help_text="Id of the user.")
    answer = models.CharField(max_length=30, blank=True, choices=[(each.value, each.value) for each in Answer])

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(
                fields=["org", "client", "address", "reason"],
                condition=models.Q(decided_at=None),
                name="store_review_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.reason
