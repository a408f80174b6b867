"""Roles and sessions belong to an org: those that are there, to the first."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def first_org(apps, schema_editor):
    org = apps.get_model("store", "Org").objects.order_by("pk").first()
    for name in ("Standing", "Visit"):
        rows = apps.get_model("ui", name).objects.filter(org=None)
        if org is None:
            rows.delete()  # of nobody: where there is no org, nobody has signed in through one
        else:
            rows.update(org=org)


class Migration(migrations.Migration):
    dependencies = [
        ("store", "0006_measures"),
        ("ui", "0002_standing_and_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "standing", "org", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="store.org")
        ),
        migrations.AddField(
            "visit", "org", models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, to="store.org")
        ),
        migrations.RunPython(first_org, migrations.RunPython.noop),
        # what was just written is checked now, so that the tables may change again in the same transaction
        migrations.RunSQL("set constraints all immediate", migrations.RunSQL.noop),
        migrations.AlterField(
            "standing", "org", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.org")
        ),
        migrations.AlterField(
            "visit", "org", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="store.org")
        ),
        migrations.AlterField(
            "standing",
            "user",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="standings", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            "standing", models.UniqueConstraint(fields=["user", "org"], name="ui_standing_once")
        ),
    ]
