"""What set-up cannot see by looking: choices that a person confirmed, what the org told last, and what it refused."""

from django.db import models


class SetUp(models.Model):
    """One row an org. What the org told is of the org and user it was told to: a sign-in as another counts as unchecked."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE, related_name="set_up")
    org_id_18 = models.CharField(max_length=18, blank=True)
    user_id = models.CharField(max_length=18, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    failed = models.PositiveIntegerField(default=0)
    warned = models.PositiveIntegerField(default=0)
    installed_in = models.CharField(max_length=18, blank=True, help_text="The org that was seen to hold our objects.")
    clients_at = models.DateTimeField(null=True, blank=True)
    what_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"set-up of {self.org}"


class RefusedComponent(models.Model):
    """A component that the org refused in a deployment: kept so that the page can explain each."""

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="refused_components")
    kind = models.CharField(max_length=80)
    name = models.CharField(max_length=255)
    line = models.PositiveIntegerField(null=True, blank=True)
    problem = models.TextField()
    next_step = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"
