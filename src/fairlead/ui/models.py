"""Tables of the page furniture."""

from django.conf import settings
from django.db import models

from fairlead.domain.role import Role


class SignInFailure(models.Model):
    """A password that failed. `key` is a keyed hash of user name and network address."""

    key = models.BinaryField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="ui_failure_key")]


class Standing(models.Model):
    """The role of somebody who signs in through Salesforce, as it was read there last: one for each org, because a sandbox
    has users of the same ids as its production org.

    The user's name here is the id in Salesforce; no name or address of the person is kept.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="standings")
    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    role = models.PositiveSmallIntegerField(default=Role.NONE)
    permissions = models.JSONField(default=list)
    read_at = models.DateTimeField()
    tried_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "org"], name="ui_standing_once")]

    def __str__(self) -> str:
        return f"{self.user.get_username()}: {Role(self.role).label}"


class Visit(models.Model):
    """One session of a person in one org, from the sign-in to its end. `reason` says why it ended (`ui.visits.Ending`)."""

    key = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="visits")
    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=20, blank=True)

    class Meta:
        ordering = ["-seen_at", "-id"]
        indexes = [models.Index(fields=["user", "ended_at"], name="ui_visit_open")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.started_at}"
