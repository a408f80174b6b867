"""Which Salesforce campaign each Campaign Monitor campaign was last seen linked to. The link itself stands in the org."""

from django.db import models


class Link(models.Model):
    """One campaign: `linked_to` is the id of its Salesforce campaign as last agreed, blank where there is none (any more).

    `created` says that Fairlead has created one for it: it is not created again where somebody has deleted or unlinked it.
    It hangs on the scope of the links: who forgets what was written to an org forgets this, too.
    """

    scope = models.ForeignKey("store.ScopeState", on_delete=models.CASCADE)
    campaign = models.CharField(max_length=32)
    linked_to = models.CharField(max_length=18, blank=True)
    created = models.BooleanField(default=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "salesforce_campaigns"
        constraints = [models.UniqueConstraint(fields=["scope", "campaign"], name="salesforce_campaigns_link_once")]

    def __str__(self) -> str:
        return f"{self.campaign} {self.linked_to}".strip()


class AutoCreate(models.Model):
    """Since when campaigns are created automatically; no row while they are not."""

    org = models.OneToOneField("store.Org", on_delete=models.CASCADE)
    since = models.DateTimeField()

    class Meta:
        app_label = "salesforce_campaigns"
