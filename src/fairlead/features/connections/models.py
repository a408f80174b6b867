"""The two connected sides, and the clients of the account. Credentials stand in `store.secrets`, not here."""

from django.db import models


class State(models.TextChoices):
    """How a connection was when it was last used."""

    CONNECTED = "connected", "Connected"
    FAILING = "failing", "Failing"
    DISCONNECTED = "disconnected", "Disconnected"


class CampaignMonitorAccount(models.Model):
    """The Campaign Monitor account of an org."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE, related_name="campaign_monitor_account")
    label = models.CharField(max_length=200, blank=True)
    base_url = models.URLField(default="https://api.createsend.com")
    state = models.CharField(max_length=20, choices=State.choices, default=State.CONNECTED)
    message = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.label or self.base_url


class Client(models.Model):
    """A client of the account. `time_zone` is Campaign Monitor's label.

    Synced are selected ones that are connected and are not being removed. One that is not selected is paused: what was
    configured, read and written stays. `removing_since` is set from the confirmed removal until its job has ended well.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE, related_name="clients")
    account = models.ForeignKey(CampaignMonitorAccount, on_delete=models.CASCADE, related_name="clients")
    client_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=200)
    selected = models.BooleanField(default=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.CONNECTED)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    last_message = models.TextField(blank=True)
    removing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "client_id"]
        constraints = [models.UniqueConstraint(fields=["org", "client_id"], name="connections_client_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def synced(self) -> bool:
        """Whether runs read it."""
        return self.selected and self.state != State.DISCONNECTED and self.removing_since is None

    @property
    def standing(self) -> str:
        """Where it stands, in one word, for people."""
        if self.removing_since is not None:
            return "Being removed"
        if self.state == State.DISCONNECTED:
            return "Disconnected"
        return str(self.get_state_display()) if self.selected else "Paused"


class SalesforceOrg(models.Model):
    """The Salesforce org. `user_id` is the sync user's; `username` is blank unless the admin chose to keep it."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE, related_name="salesforce_org")
    login_url = models.URLField()
    instance_url = models.URLField(blank=True)
    org_id_18 = models.CharField(max_length=18, blank=True)
    username = models.CharField(max_length=200, blank=True)
    user_id = models.CharField(max_length=18, blank=True)
    api_version = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.CONNECTED)
    message = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.instance_url or self.login_url
