"""What was seen of the older package, what people asked to be taken over, and what became of it. No person stands here."""

from django.db import models


class OldPackage(models.Model):
    """Whether the older package works in the connected org (`salesforce`, 18 characters), as it was looked at last."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE)
    salesforce = models.CharField(max_length=18, blank=True)
    objects_there = models.PositiveIntegerField(default=0)
    readable = models.BooleanField(default=True)
    changed_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.salesforce} {self.objects_there}"


class MoveIn(models.Model):
    """What somebody ticked: keys of items, which hold ids and names of fields. They are read anew when it is done."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    keys = models.JSONField(default=list)
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.pk} {len(self.keys)}"


class State(models.TextChoices):
    """What became of an item."""

    WRITTEN = "written", "Taken over"
    THERE = "there", "Was there already"
    REFUSED = "refused", "Not taken over"


class Outcome(models.Model):
    """What became of an item when it was last taken over. `text` says why it was refused, or what is still to do."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    key = models.CharField(max_length=400)
    move = models.ForeignKey(MoveIn, on_delete=models.CASCADE)
    state = models.CharField(max_length=10, choices=State.choices)
    text = models.TextField(blank=True)
    code = models.CharField(max_length=20, blank=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["org", "key"], name="moving_in_outcome_once")]

    def __str__(self) -> str:
        return f"{self.key} {self.state}"
