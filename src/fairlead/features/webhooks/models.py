"""Endpoints of lists, and what was posted to them: sealed, and only until it is handled."""

from django.db import models


class State(models.TextChoices):
    """How a webhook was when it was last looked at."""

    MAKING = "making", "Being made"
    ACTIVE = "active", "Active"
    FAILING = "failing", "Failing"


class Endpoint(models.Model):
    """Where Campaign Monitor posts what happens on one list. The token stands in Campaign Monitor only; here is its hash."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    list = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    token_hash = models.BinaryField(max_length=32, unique=True)
    webhook = models.CharField(max_length=64, blank=True, help_text="Campaign Monitor's id of it.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.MAKING)
    message = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)
    revived_at = models.DateTimeField(null=True, help_text="When it was last found switched off and switched on again.")

    class Meta:
        ordering = ["name", "list"]
        constraints = [models.UniqueConstraint(fields=["org", "list"], name="webhooks_endpoint_once")]

    def __str__(self) -> str:
        return f"{self.list} {self.state}"


class Delivery(models.Model):
    """One post, sealed until it is handled. No body: it was too large, so the list is to be looked at.

    `problem` says why it could not be read; such a post is kept for some days and not tried again. Of a post that was
    `handled` only changes of address are kept, sealed, for a day: one that was posted earlier may yet arrive.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE)
    body = models.BinaryField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)
    problem = models.CharField(max_length=200, blank=True)
    handled = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["endpoint", "handled", "problem", "id"], name="webhooks_delivery_waiting")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.received_at}"
