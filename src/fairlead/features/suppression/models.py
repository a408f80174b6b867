"""How far each client's suppression list was read."""

from django.db import models


class SuppressionReading(models.Model):
    """The last reading of a client's suppression list: its size, a keyed digest of its newest page, and the last whole one.

    `whole_at` is the account's own wall clock (ISO, no offset) when the last whole reading began; blank before the first.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    name = models.CharField(max_length=255, blank=True, help_text="The client's name.")
    total = models.PositiveIntegerField(default=0)
    newest = models.BinaryField(max_length=16)
    whole_at = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["name", "client"]
        constraints = [models.UniqueConstraint(fields=["org", "client"], name="suppression_reading_once")]

    def __str__(self) -> str:
        return f"{self.name or self.client}: {self.total}"
