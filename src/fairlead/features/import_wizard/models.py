"""Imports, their runs, and what is remembered of addresses: keyed hashes, never who."""

from django.db import models


class Import(models.Model):
    """One import: from which source to which list, which column goes where, what a refresh does, when it runs.

    `source` names ids, statuses or a query; `lines` is as `rules.columns` keeps it. `version` counts changes: people who
    were written under another version are written again. `waits`: it was due while everything was paused.
    """

    org = models.ForeignKey("store.Org", on_delete=models.CASCADE)
    name = models.CharField(max_length=255)
    client = models.CharField(max_length=64)
    list_id = models.CharField(max_length=64)
    list_name = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=20)
    source = models.JSONField(default=dict)
    source_name = models.CharField(max_length=255, blank=True)
    lines = models.JSONField(default=list)
    refresh = models.CharField(max_length=20, default="update")
    track = models.CharField(max_length=12, blank=True, help_text="Consent to track where no column says it.")
    clear_blank = models.BooleanField(default=False)
    write_all = models.BooleanField(default=False)
    segment = models.BooleanField(default=False)
    segment_id = models.CharField(max_length=64, blank=True)
    segment_field = models.CharField(max_length=255, blank=True)
    hours = models.JSONField(default=list)
    days = models.JSONField(default=list)
    timezone = models.CharField(max_length=64, default="UTC")
    next_run_at = models.DateTimeField(null=True)
    waits = models.BooleanField(default=False)
    owner = models.CharField(max_length=150, blank=True)
    version = models.PositiveIntegerField(default=1)
    last_run = models.BigIntegerField(default=0, help_text="The job of the last run that read its source to the end.")
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["next_run_at"], name="import_wizard_due")]

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One run: its job, how it ended, and its counts once it has. `codes` counts refused rows by code."""

    owner = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="runs")
    job = models.BigIntegerField(unique=True)
    version = models.PositiveIntegerField(default=1)
    counts = models.JSONField(default=dict)
    codes = models.JSONField(default=dict)
    began_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    rows_deleted = models.BooleanField(default=False)

    class Meta:
        ordering = ["-job"]

    def __str__(self) -> str:
        return f"{self.owner_id} {self.job}"


class KnownAddress(models.Model):
    """What an import knows of an address, by its keyed hash (32 bytes). Runs are numbers of jobs, 0 for none.

    `digest` (16 bytes) is that of what was last written, empty where nothing is. `seen` is the last run that listed it,
    `written` the last that wrote it, `added` the one that put it on the list, `removed` the one that took it off.
    `pending` is when (seconds since 1970) a call was sent that may have added it, and whose answer is not known. `marked`:
    the hidden field of the segment is set.
    """

    owner = models.ForeignKey(Import, on_delete=models.CASCADE)
    address = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=16, default=b"")
    seen = models.BigIntegerField(default=0)
    written = models.BigIntegerField(default=0)
    added = models.BigIntegerField(default=0)
    removed = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    marked = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "address"], name="import_wizard_address_once")]
        indexes = [models.Index(fields=["address"], name="import_wizard_address")]

    def __str__(self) -> str:
        return f"{self.owner_id} {bytes(self.address).hex()[:8]}"


class RefusedRow(models.Model):
    """Why a row of a run was not written: the keyed hash of its address, or of its place where it has none, and a code."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE)
    row = models.BinaryField(max_length=32)
    code = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row"], name="import_wizard_refused_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.code}"
