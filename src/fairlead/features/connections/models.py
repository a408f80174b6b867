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
    """A client of the account. Only selected ones are synced; `time_zone` is Campaign Monitor's label."""

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE, related_name="clients")
    account = models.ForeignKey(CampaignMonitorAccount, on_delete=models.CASCADE, related_name="clients")
    client_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    time_zone = models.CharField(max_length=200)
    selected = models.BooleanField(default=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.CONNECTED)
    last_synced_at = models.DateTimeField(null=True, blank=True)
    last_message = models.TextField(blank=True)

    class Meta:
        ordering = ["name", "client_id"]
        constraints = [models.UniqueConstraint(fields=["org", "client_id"], name="connections_client_once")]

    def __str__(self) -> str:
        return self.name


class SalesforceOrg(models.Model):
    """The Salesforce org. `username` is blank unless the admin chose to keep it."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE, related_name="salesforce_org")
    login_url = models.URLField()
    instance_url = models.URLField(blank=True)
    org_id_18 = models.CharField(max_length=18, blank=True)
    username = models.CharField(max_length=200, blank=True)
    api_version = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.CONNECTED)
    message = models.TextField(blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.instance_url or self.login_url
