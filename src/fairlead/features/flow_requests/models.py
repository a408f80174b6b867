"""Requests: sealed until they are done, then only what became of them, by the hash of their id."""

from django.db import models


class Outcome(models.TextChoices):
    """Where a request stands."""

    WAITING = "waiting", "Waiting"
    DONE = "done", "Done"
    REFUSED = "refused", "Refused"


class FlowRequest(models.Model):
    """One request. `sealed` holds what was asked for, its id among it, and is gone once the outcome is told."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    id_hash = models.BinaryField(max_length=32)
    content = models.BinaryField(max_length=32, help_text="Keyed hash of what was asked for.")
    sealed = models.BinaryField(null=True)
    action = models.CharField(max_length=40, blank=True)
    asked_by = models.CharField(max_length=150, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.WAITING)
    support_code = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["org", "id_hash"], name="flow_requests_id_once")]
        indexes = [models.Index(fields=["org", "outcome", "id"], name="flow_requests_waiting")]

    def __str__(self) -> str:
        return f"{self.action} {self.outcome}"
