"""What each reaction did last, how Fairlead hears of changes, and whether a sandbox is held. No people stand here."""

from django.db import models


class ReactionState(models.Model):
    """How one reaction fared in the run that looked last."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    name = models.CharField(max_length=31)
    title = models.CharField(max_length=120)
    job = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField(null=True)
    handed = models.PositiveIntegerField(default=0, help_text="Records in the last run.")
    left_out = models.PositiveIntegerField(default=0, help_text="Records that a switch left out in the last run.")
    handed_at = models.DateTimeField(null=True, help_text="When it was last given any record.")
    paused = models.BooleanField(default=False)
    message = models.TextField(blank=True)
    support_code = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["org", "name"], name="org_changes_reaction_once")]

    def __str__(self) -> str:
        return self.name


class Way(models.TextChoices):
    """How changes are heard of."""

    STARTING = "starting", "Starting"
    EVENTS = "events", "Change events"
    ASKING = "asking", "Asking again and again"
    WAITING = "waiting", "Waiting"


class Hearing(models.Model):
    """The one listener of an org: which process holds it, for how long, and what it does."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE)
    holder = models.CharField(max_length=64, blank=True)
    held_until = models.DateTimeField(null=True)
    way = models.CharField(max_length=10, choices=Way.choices, default=Way.WAITING)
    message = models.TextField(blank=True)
    heard_at = models.DateTimeField(null=True, help_text="When the last event came.")
    asked_at = models.DateTimeField(null=True, help_text="When a run was last asked for.")

    def __str__(self) -> str:
        return self.way


class EventPlace(models.Model):
    """How far the events of one topic were heard: the place that Salesforce gave with the last of them."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    topic = models.CharField(max_length=120)
    replay_id = models.BinaryField()
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "topic"], name="org_changes_topic_once")]

    def __str__(self) -> str:
        return self.topic


class AccountUse(models.Model):
    """Whether the connected Salesforce org is a sandbox on an account that a production org uses (F93)."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE)
    salesforce = models.CharField(max_length=18, blank=True, help_text="The Salesforce org that was looked at.")
    sandbox = models.BooleanField(default=False)
    used_by = models.CharField(max_length=18, blank=True, help_text="The production org that uses the account.")
    looked_at = models.DateTimeField(null=True)
    confirmed = models.CharField(max_length=18, blank=True, help_text="The production org for which it was confirmed.")
    confirmed_by = models.CharField(max_length=150, blank=True)

    def __str__(self) -> str:
        return f"{self.salesforce} {self.used_by}"

    @property
    def held(self) -> bool:
        """Whether nothing is written to Campaign Monitor until somebody confirms it."""
        return self.sandbox and bool(self.used_by) and self.confirmed != self.used_by
