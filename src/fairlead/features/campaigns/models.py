"""What is remembered of sent campaigns: the figures last told, and when. No person stands in it."""

from django.db import models


class SentCampaign(models.Model):
    """A sent campaign's figures (`rules.Figures`) as of `asked_at`, on the account's wall clock."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    campaign = models.CharField(max_length=64)
    figures = models.JSONField(default=dict)
    asked_at = models.CharField(max_length=19)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "campaign"], name="campaigns_sent_once")]

    def __str__(self) -> str:
        return self.campaign
