"""Tables of the page furniture."""

from django.db import models


class SignInFailure(models.Model):
    """A password that failed. `key` is a keyed hash of user name and network address."""

    key = models.BinaryField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="ui_failure_key")]
