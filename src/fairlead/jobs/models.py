"""What people see of work, and what makes its repetition harmless. Only `states.move` assigns a state."""

from django.db import models


class State(models.TextChoices):
    """Where a job is. `states.py` has the table of transitions."""

    HOLDING = "holding", "Holding"
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Frequency(models.TextChoices):
    """How often a schedule asks for its job."""

    NEVER = "never", "Never"
    HOURLY = "hourly", "Hourly"
    DAILY = "daily", "Daily"
    WEEKLY = "weekly", "Weekly"
    MONTHLY = "monthly", "Monthly"


class Job(models.Model):
    """One piece of work. Ids only in `args`: no address, name or phone number.

    `attempt` counts claims and fences: what an older attempt tries to commit is refused.
    `engine_id` is the one delivery by the engine that may claim the job.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.HOLDING)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=5)
    args = models.JSONField(default=dict)
    phase = models.CharField(max_length=120, blank=True)
    stages = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    support_code = models.CharField(max_length=20, blank=True)
    requested_by = models.CharField(max_length=150, blank=True)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    engine_id = models.BigIntegerField(null=True)
    lifeline = models.BigIntegerField(null=True, help_text="The lock of the worker that claimed the job last.")

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["org", "state", "id"], name="jobs_job_waiting"),
            models.Index(fields=["state", "finished_at"], name="jobs_job_ended"),
            models.Index(fields=["org", "kind", "-id"], name="jobs_job_newest"),
        ]
        constraints = [
            # The last word on "one at a time": the dispatcher keeps to it, the database makes sure.
            models.UniqueConstraint(
                fields=["org", "kind", "key"],
                condition=models.Q(state__in=["queued", "running"]),
                name="jobs_one_active_per_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.number}"

    @property
    def number(self) -> int:
        """The sequence in which jobs were asked for."""
        return int(self.pk)

    @property
    def ended(self) -> bool:
        return self.state in (State.DONE, State.FAILED, State.CANCELLED)


class Schedule(models.Model):
    """When a kind of job is asked for by itself. `next_run_at` is null while the frequency is Never."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    kind = models.CharField(max_length=60)
    frequency = models.CharField(max_length=10, choices=Frequency.choices, default=Frequency.NEVER)
    timezone = models.CharField(max_length=64, default="UTC", help_text="IANA name, for example Australia/Sydney.")
    next_run_at = models.DateTimeField(null=True)
    last_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL)
    changed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "kind"], name="jobs_schedule_once")]
        indexes = [models.Index(fields=["next_run_at"], name="jobs_schedule_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.frequency}"
