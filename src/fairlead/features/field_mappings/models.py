"""Mappings of lists in all their versions, what both sides last agreed on, what was written, and addresses to look at.

Nothing of a person stands here in clear: keys and values are keyed hashes, addresses that wait are sealed.
"""

from django.db import models


class MappingVersion(models.Model):
    """A list's mapping as it was saved once; the highest version counts. `lines` as `domain.mapping.Line.as_json`."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    list = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    lines = models.JSONField()
    by = models.CharField(max_length=255)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["list", "-version"]
        constraints = [models.UniqueConstraint(fields=["org", "list", "version"], name="mappings_version_once")]

    def __str__(self) -> str:
        return f"{self.list} {self.version}"


class Agreed(models.Model):
    """What both sides last returned of a subscriber's mapped fields, packed (`agreed.py`), and whose record that was.

    `owed_at`: since when the list shows something else of a field that Salesforce owns; blank where it does not.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    list = models.CharField(max_length=64)
    key = models.BinaryField(max_length=32)
    object = models.CharField(max_length=10, blank=True)
    record = models.CharField(max_length=18, blank=True)
    content = models.BinaryField()
    owed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "list", "key"], name="mappings_agreed_once")]
        indexes = [
            models.Index(fields=["org", "list"], name="mappings_owed", condition=models.Q(owed_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.list} {bytes(self.key).hex()[:8]}"


class Side(models.TextChoices):
    """Where a value was written."""

    CAMPAIGN_MONITOR = "campaign_monitor", "Campaign Monitor"
    SALESFORCE = "salesforce", "Salesforce"


class ValueChange(models.Model):
    """One field of one person that a run wrote. `before` and `after` are keyed digests of what stood there."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    run = models.BigIntegerField()
    list = models.CharField(max_length=64)
    member = models.BinaryField(max_length=32)
    object = models.CharField(max_length=10)
    record = models.CharField(max_length=18)
    side = models.CharField(max_length=20, choices=Side.choices)
    source = models.CharField(max_length=255)
    target = models.CharField(max_length=255)
    before = models.BinaryField(max_length=8)
    after = models.BinaryField(max_length=8)
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["org", "run"], name="mappings_change_run"),
            models.Index(fields=["org", "list", "at"], name="mappings_change_list"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["org", "run", "list", "member", "side", "target"], name="mappings_change_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run} {self.list} {self.target}"


class Reason(models.TextChoices):
    """Why a changed address waits: all but the last for a person."""

    TAKEN = "taken", "The new address is on the list already"
    OPTED_OUT = "opted_out", "The new address opted out"
    BOTH_CHANGED = "both_changed", "Both sides changed the address"
    NEXT_SYNC = "next_sync", "The next sync writes it to Salesforce"


class AddressChange(models.Model):
    """A changed address that nobody may follow unasked: both addresses sealed, and forgotten once somebody decided."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    list = models.CharField(max_length=64)
    client = models.CharField(max_length=64, blank=True)
    member = models.BinaryField(max_length=32)
    object = models.CharField(max_length=10)
    record = models.CharField(max_length=18)
    old = models.BinaryField()
    new = models.BinaryField()
    reason = models.CharField(max_length=20, choices=Reason.choices)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["org", "list", "member"], name="mappings_address_once")]

    def __str__(self) -> str:
        return f"{self.list} {self.reason}"
