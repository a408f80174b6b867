"""What is remembered of each list: when its settings and its whole content were last read. No person stands here."""

from django.db import models


class ListReading(models.Model):
    """One list of a client. Moments are UTC.

    `whole_at`: when all its subscribers were last read; `read_at`: when a reading of any kind last came to its end.
    `prevented`: its members were taken out of Salesforce, because “prevent member sync” is on for it.
    `gone_at`: since when Campaign Monitor no longer lists it; a full sync removes what Salesforce holds of it.
    `figures`: subscribers by state as last told; `unconfirmed` is known from whole readings only.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client_id = models.CharField(max_length=64)
    client_name = models.CharField(max_length=255, blank=True)
    list_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    details_at = models.DateTimeField(null=True)
    whole_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)
    prevented = models.BooleanField(default=False)
    figures = models.JSONField(default=dict)
    unconfirmed = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ("name", "list_id")
        constraints = [models.UniqueConstraint(fields=["org", "list_id"], name="members_list_once")]

    def __str__(self) -> str:
        return self.name
