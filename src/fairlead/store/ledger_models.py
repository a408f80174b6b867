"""What the flow remembers: cursors, digests of recent rows, bulk jobs in flight, refused rows. No address in clear."""

from django.db import models


class ScopeState(models.Model):
    """How far one scope has been read; the parent of all that is remembered of it."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    kind = models.CharField(max_length=40)
    client = models.CharField(max_length=64)
    list = models.CharField(max_length=64, blank=True)
    cursor = models.CharField(max_length=40, blank=True, help_text="The source's own wall clock, ISO, without offset.")
    committed_at = models.DateTimeField(null=True)
    full_run = models.BigIntegerField(default=0, help_text="The last run that read and wrote all of the scope.")

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["org", "kind", "client", "list"], name="store_scope_once")]

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.client, self.list) if part)


class Digest(models.Model):
    """Keyed hash of a record's key → keyed digest of what was last written of it."""

    scope = models.ForeignKey(ScopeState, on_delete=models.CASCADE)
    key = models.BinaryField(max_length=32)
    content = models.BinaryField(max_length=16)
    day = models.DateField(help_text="The day at the source on which the record last changed.")

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="store_digest_once")]


class BulkFlight(models.Model):
    """A bulk job whose outcome was never committed: asked for first by the next attempt."""

    scope = models.ForeignKey(ScopeState, on_delete=models.CASCADE)
    job = models.CharField(max_length=40)
    sealed = models.BooleanField(default=False)
    cursor = models.CharField(max_length=40, blank=True)
    digests = models.BinaryField(null=True, help_text="32 + 16 + 4 bytes a row: key hash, content digest, day ordinal.")

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["scope", "job"], name="store_flight_once")]


class RowRefusal(models.Model):
    """A row the other side refused, with the reason. The key is hashed; it is kept encrypted only while a retry is due."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    scope = models.ForeignKey(ScopeState, on_delete=models.CASCADE)
    job_id = models.BigIntegerField(null=True)
    key_hash = models.BinaryField(max_length=32)
    key_sealed = models.BinaryField(null=True)
    code = models.CharField(max_length=80)
    reason = models.TextField()
    retryable = models.BooleanField(default=False)
    attempts = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["scope", "key_hash"], name="store_refusal_once")]
        indexes = [models.Index(fields=["org", "job_id"], name="store_refusal_job")]
