"""Messages about what went wrong, and what was sent of them. No person stands here: sentences, ids and counts."""

from django.db import models


class State(models.TextChoices):
    """Where a message stands."""

    OPEN = "open", "Open"
    RESOLVED = "resolved", "Resolved"


class Severity(models.TextChoices):
    """How much it matters."""

    ERROR = "error", "Error"
    WARNING = "warning", "Warning"
    INFO = "info", "Information"


class Message(models.Model):
    """One thing that is wrong. As long as it is open, the same code and subject make no second one: `times` grows.

    `told_…` is how often it had been seen when it last went out that way. `rows` counts refused rows.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    code = models.CharField(max_length=20)
    subject = models.CharField(max_length=200)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    kind = models.CharField(max_length=60, blank=True)
    stage = models.CharField(max_length=60, blank=True)
    what = models.TextField()
    next_step = models.TextField(blank=True)
    job_id = models.BigIntegerField(null=True)
    client_id = models.CharField(max_length=64, blank=True)
    list_id = models.CharField(max_length=64, blank=True)
    rows = models.PositiveIntegerField(null=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)
    told_bell = models.PositiveIntegerField(default=0)
    told_mail = models.PositiveIntegerField(default=0)
    told_hook = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=150, blank=True)
    resolution = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-last_seen", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["org", "code", "subject"], condition=models.Q(state="open"), name="maintenance_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["org", "state", "-last_seen", "-id"], name="maintenance_recent"),
            models.Index(fields=["org", "-last_seen", "-id"], name="maintenance_all_recent"),
            models.Index(fields=["org", "kind", "stage"], name="maintenance_of"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.subject}"

    @property
    def number(self) -> int:
        """What people call it by."""
        return int(self.pk)


class Notice(models.Model):
    """What is sent at once by one way about several messages: `messages` has id → times seen since the last notice.

    As long as it could not be sent, what happens meanwhile is added to it; once `ended_at` is set, it is never sent again.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    way = models.CharField(max_length=10)
    messages = models.JSONField(default=dict)
    tried_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["org", "way"], condition=models.Q(ended_at=None), name="maintenance_one_notice_a_way"
            )
        ]
        indexes = [models.Index(fields=["org", "way", "-tried_at"], name="maintenance_notices")]

    def __str__(self) -> str:
        return f"{self.way} {self.tried_at}"
