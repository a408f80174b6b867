"""Smart e-mails as they were seen, mappings, and the queue. Nobody's address or name stands here in clear.

What a mapping fills in, and to whom (fixed addresses, values of criteria), is kept sealed as a secret beside its row.
"""

import uuid

from django.db import models

from fairlead.features.transactional_email.rules.words import State

CHOICES = [(one.value, one.value.capitalize()) for one in State]


def new_id() -> str:
    """An id for a mapping: what flows and programs name it by."""
    return uuid.uuid4().hex


class SmartEmail(models.Model):
    """A smart e-mail of a client as Campaign Monitor last told it; sender and subject are read live. `gone`: no longer there."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    smart_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=20)
    created = models.CharField(max_length=40, blank=True)
    variables = models.JSONField(default=list)
    html_preview = models.CharField(max_length=500, blank=True)
    text_preview = models.CharField(max_length=500, blank=True)
    adds_to_list = models.BooleanField(default=False)
    gone = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "smart_id"]
        constraints = [models.UniqueConstraint(fields=["org", "smart_id"], name="transactional_smart_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def active(self) -> bool:
        """Whether it can be sent."""
        return not self.gone and self.status.lower() == "active"


class SmartMapping(models.Model):
    """A mapping of a smart e-mail to an object. `uid` is its id for everybody; `version` counts its changes."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    uid = models.CharField(max_length=32, unique=True, default=new_id)
    client = models.CharField(max_length=64)
    smart_id = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    object = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["org", "name"], name="transactional_mapping_name_once")]

    def __str__(self) -> str:
        return self.name


class Send(models.Model):
    """One item of the queue: by the hash of its request's id, once.

    `sealed` holds, while it may be needed, to whom the e-mail goes and where the message log stood before; it is written
    before Campaign Monitor is asked, and gone when the item is done.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    id_hash = models.BinaryField(max_length=32)
    mapping = models.CharField(max_length=32)
    record_id = models.CharField(max_length=18)
    state = models.CharField(max_length=10, choices=CHOICES, default=State.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    sealed = models.BinaryField(null=True)
    support_code = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    asked_by = models.CharField(max_length=150, blank=True)
    asked_at = models.DateTimeField()
    sending_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["org", "id_hash"], name="transactional_send_once")]
        indexes = [models.Index(fields=["org", "state", "id"], name="transactional_state")]

    def __str__(self) -> str:
        return f"{self.mapping} {self.state}"


class SentMessage(models.Model):
    """One message of a send, to one recipient: its id in Campaign Monitor, its records in Salesforce, what became of it."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    send = models.ForeignKey(Send, on_delete=models.CASCADE, related_name="messages")
    client = models.CharField(max_length=64)
    smart_id = models.CharField(max_length=64)
    message_id = models.CharField(max_length=64)
    status = models.CharField(max_length=20, default="Sent")
    task_id = models.CharField(max_length=18, blank=True)
    email_message_id = models.CharField(max_length=18, blank=True)
    told = models.CharField(max_length=20, blank=True, help_text="The status that stands in Salesforce.")
    sent_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["org", "message_id"], name="transactional_message_once")]

    def __str__(self) -> str:
        return f"{self.message_id} {self.status}"
