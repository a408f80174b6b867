"""Rules of lists, and runs of them over the past. No person stands here; values of criteria are kept sealed, as secrets."""

from django.db import models


class Rule(models.Model):
    """One rule of one list. `version` counts its changes: of two people who edit it, the second is told.

    `fired` counts the people that it added or took off, `left` those it would have but for a reason: `run_left` of them in
    the last run that looked at anybody (`last_run`, a job's number), which may be told the same again.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    client = models.CharField(max_length=64)
    list = models.CharField(max_length=64)
    list_name = models.CharField(max_length=255)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    does = models.CharField(max_length=10)
    object = models.CharField(max_length=20)
    when = models.CharField(max_length=10, default="both")
    logic = models.CharField(max_length=500, blank=True)
    enabled = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.CharField(max_length=150, blank=True)
    changed_at = models.DateTimeField(auto_now=True)
    fired = models.PositiveBigIntegerField(default=0)
    left = models.PositiveBigIntegerField(default=0)
    last_run = models.PositiveBigIntegerField(default=0)
    run_left = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, help_text="Why it could not be asked of Salesforce, when it was tried last.")

    class Meta:
        ordering = ["list_name", "list", "does", "object", "name", "id"]
        indexes = [models.Index(fields=["org", "object", "enabled"], name="subscriber_rules_asked")]
        constraints = [models.UniqueConstraint(fields=["org", "list", "name"], name="subscriber_rules_name_once")]

    def __str__(self) -> str:
        return self.name


class PastRun(models.Model):
    """How far one job has come with running a rule over all records: it goes on there when it was cut short.

    `last_id` is the id of the last record whose outcome is committed. `checked`: the guard has let it pass.
    """

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE)
    job = models.PositiveBigIntegerField(unique=True)
    last_id = models.CharField(max_length=18, blank=True)
    checked = models.BooleanField(default=False)
    records = models.PositiveBigIntegerField(default=0)
    written = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.rule_id} {self.job}"
