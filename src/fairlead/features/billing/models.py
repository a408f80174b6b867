"""What is kept of who pays: ids at Stripe, the last reading, the last count. No address, name or card stands here."""

from django.db import models


class Customer(models.Model):
    """An org as Stripe's customer. Blank ids: not there yet. `people` is null before the first count.

    `totals` is a keyed digest of the lists' own totals at the last count.
    """

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE)
    began_at = models.DateTimeField(help_text="When the trial began.")
    customer = models.CharField(max_length=64, blank=True, db_index=True)
    subscription = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=30, blank=True)
    price = models.CharField(max_length=64, blank=True)
    renews_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    owing = models.CharField(max_length=10, blank=True)
    owing_since = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    look_at = models.DateTimeField(null=True, db_index=True, help_text="When Stripe is asked again by itself.")
    people = models.PositiveIntegerField(null=True)
    lists = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField(null=True)
    whole_at = models.DateTimeField(null=True, help_text="When people were last counted one by one.")
    totals = models.BinaryField(max_length=32, blank=True)

    def __str__(self) -> str:
        return self.customer or "not at Stripe"
