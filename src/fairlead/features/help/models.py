"""The passages of the documentation, for PostgreSQL to search. They hold nothing of an org: they came with the program."""

from django.db import models


class Edition(models.Model):
    """All passages of one state of the documentation, named by its digest.

    While two versions of Fairlead run beside each other, each has its own.
    """

    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest[:12]


class Passage(models.Model):
    """One passage. The column `words` (a tsvector: title and heading weigh A, the text C) is made by the database."""

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE)
    place = models.IntegerField(help_text="Its place in the order of the documentation.")
    folder = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    anchor = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200)
    heading = models.CharField(max_length=200, blank=True)
    body = models.TextField()
    asked = models.BooleanField(default=True, help_text="Whether questions are answered from it.")

    class Meta:
        ordering = ["place"]
        constraints = [models.UniqueConstraint(fields=["edition", "place"], name="help_passage_once")]

    def __str__(self) -> str:
        return f"{self.folder}/{self.name}#{self.anchor}"
