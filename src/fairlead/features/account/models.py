"""What people chose for themselves."""

from django.conf import settings
from django.db import models


class Preference(models.Model):
    """One person's choices. `zone` is an IANA name, blank for the org's clock."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    zone = models.CharField(max_length=64, blank=True, default="")
