"""Roll-ups of activity that outlive the purge of single events (C11). People stand here as keyed hashes and record ids only.

They are changed in the transaction that moves the cursor of the events they count: each event counts once, whatever is
killed. What Salesforce does not show yet is marked `written=False`, and is written as a total, so that twice is once.
"""

from django.db import models

from fairlead.domain.activity import Activity

ACTIVITIES = [(activity.value, activity.value) for activity in Activity]


class CampaignActivity(models.Model):
    """What one address did with one campaign that is linked to a Salesforce campaign.

    `address` is the keyed hash of the normal address; `contact` and `lead` are the records it is linked to, blank where
    none. `first_*` is the first activity beside being sent to, `last_*` the last of all (`domain.activity.RANK`).
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    campaign = models.CharField(max_length=32)
    address = models.BinaryField(max_length=32)
    contact = models.CharField(max_length=18, blank=True)
    lead = models.CharField(max_length=18, blank=True)
    opens = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    first_activity = models.CharField(max_length=20, blank=True, choices=ACTIVITIES)
    first_at = models.DateTimeField(null=True)
    last_activity = models.CharField(max_length=20, blank=True, choices=ACTIVITIES)
    last_at = models.DateTimeField(null=True)
    written = models.BooleanField(default=False)

    class Meta:
        app_label = "store"
        constraints = [
            models.UniqueConstraint(fields=["org", "campaign", "address"], name="store_campaign_activity_once")
        ]
        indexes = [
            models.Index(
                fields=["org", "campaign"], condition=models.Q(written=False), name="store_campaign_activity_due"
            ),
            models.Index(fields=["org", "address"], name="store_campaign_activity_of"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign} {self.last_activity}"


class MemberActivity(models.Model):
    """What one member did in all: `member` is the keyed hash of the member's key (list and address)."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    member = models.BinaryField(max_length=32)
    sent = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    clicked = models.PositiveIntegerField(default=0)
    bounced = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    written = models.BooleanField(default=False)

    class Meta:
        app_label = "store"
        constraints = [models.UniqueConstraint(fields=["org", "member"], name="store_member_activity_once")]
        indexes = [models.Index(fields=["org"], condition=models.Q(written=False), name="store_member_activity_due")]

    def __str__(self) -> str:
        return f"{self.sent} sent, {self.opened} opened, {self.clicked} clicked"
