"""How far opt status was read of each client, what has to be looked at again, and which ticks were Fairlead's own.

Shadows, consents, reviews and histories are in `store.consent_models`. People stand here as keyed hashes; an address that
waits to be looked at is sealed, and deleted once it is settled.
"""

from django.db import models


class OptReading(models.Model):
    """The last run of a client.

    `account_until` is the account's own wall clock (ISO, no offset), `org_until` the newest `SystemModstamp` that was read:
    the cursors, blank before the first run. `counts` and `preview` count addresses. `pages`: calls of a whole reading.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    name = models.CharField(max_length=255, blank=True, help_text="The client's name.")
    account_until = models.CharField(max_length=40, blank=True)
    org_until = models.CharField(max_length=40, blank=True)
    ran_at = models.DateTimeField(null=True)
    swept_at = models.DateTimeField(null=True)
    pages = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    preview = models.JSONField(default=dict)
    previewed_at = models.DateTimeField(null=True)
    problem = models.CharField(
        max_length=500, blank=True, help_text="Why the last run was refused; blank if it was not."
    )
    problem_code = models.CharField(max_length=10, blank=True)

    class Meta:
        ordering = ["name", "client"]
        constraints = [models.UniqueConstraint(fields=["org", "client"], name="opt_status_reading_once")]

    def __str__(self) -> str:
        return self.name or self.client


class OptLooked(models.Model):
    """A change that a commit has looked at: what an overlap reads again costs no further call. `key`: keyed hash, 16 bytes."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    key = models.BinaryField(max_length=16)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "client", "key"], name="opt_status_looked_once")]
        indexes = [models.Index(fields=["org", "client", "at"], name="opt_status_looked_at")]


class OptWaiting(models.Model):
    """An address that the next run looks at, whatever changed: a write was refused or given up, or a consent was recorded.

    `consent` holds basis, source, moment and user id of a consent that is still to be carried out. `heard` are opt-outs that a
    webhook told: list and moment as the account wrote it; the state may be another by now.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    address = models.BinaryField(max_length=32)
    sealed = models.BinaryField()
    reason = models.CharField(max_length=300, blank=True)
    code = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    consent = models.JSONField(null=True)
    restores = models.BooleanField(default=False, help_text="A person decided that the cleared tick does not count.")
    heard = models.JSONField(default=list)
    since = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["org", "client", "address"], name="opt_status_waiting_once")]

    def __str__(self) -> str:
        return self.reason or "consent"


class OwnTick(models.Model):
    """A tick of Email Opt Out that Fairlead set, so that field history tells it from a person's.

    `since` and `until` are the record's `SystemModstamp` before and after.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    record = models.CharField(max_length=18)
    user = models.CharField(max_length=18)
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["org", "until"], name="opt_status_own_tick_until")]

    def __str__(self) -> str:
        return self.record
