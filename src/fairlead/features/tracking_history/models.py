"""What is remembered of events: per e-mail and kind how far it was read, and of the newest events each one, by keyed hash."""

from django.db import models


class EventScope(models.Model):
    """One kind of events of one e-mail, as of the last reading that came to its end (`domain.tracking_plan.Known`).

    Texts are minutes of the client's wall clock. `suspicious` counts events that were flagged; `shown` is what the
    campaign's record says of them. It hangs on the ledger's scope: who forgets that forgets this, and its single events.
    """

    state = models.OneToOneField("store.ScopeState", on_delete=models.CASCADE, related_name="events")
    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    mail = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    ended = models.BooleanField(default=False, help_text="Whether any reading has come to its end.")
    seen = models.IntegerField(default=0)
    events = models.IntegerField(default=0)
    short = models.IntegerField(default=0)
    newest = models.CharField(max_length=16, blank=True)
    read_from = models.CharField(max_length=16, blank=True)
    written_from = models.CharField(max_length=16, blank=True)
    linked = models.BooleanField(default=False)
    kept = models.BooleanField(default=True)
    full_run = models.BigIntegerField(default=0)
    suspicious = models.IntegerField(default=0)
    shown = models.IntegerField(default=-1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "mail", "kind"], name="tracking_history_scope_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.mail}"


class RememberedEvents(models.Model):
    """Events that the next reading may meet again, some ten thousand a row: keyed hashes, by `notes.Remembered`."""

    scope = models.ForeignKey(EventScope, on_delete=models.CASCADE)
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"remembered of {self.scope_id}"


class NotedEvents(models.Model):
    """What a large reading that goes on has to count, put aside many events a row: keyed hashes, by `notes.Tally`."""

    scope = models.ForeignKey(EventScope, on_delete=models.CASCADE)
    body = models.BinaryField()

    def __str__(self) -> str:
        return f"noted of {self.scope_id}"
