"""Single events move from a row each into parts of many thousands: see docs/decisions/0016."""

import django.db.models.deletion
from django.db import migrations, models

# The minute is told by the client's wall clock from now on. Here it is taken as late as any clock on earth tells it: an
# event that is remembered for some hours too long is dropped by a later reading, one that is forgotten would count twice.
MOVE = r"""
INSERT INTO tracking_history_rememberedevents (scope_id, body)
SELECT scope_id, string_agg(
    key || convert_to(to_char(at AT TIME ZONE 'UTC' + interval '14 hours', 'YYYY-MM-DD HH24:MI'), 'UTF8')
        || CASE WHEN flagged THEN '\x01'::bytea ELSE '\x00'::bytea END,
    ''::bytea ORDER BY key)
FROM (
    SELECT scope_id, key, at, flagged, row_number() OVER (PARTITION BY scope_id ORDER BY key) / 50000 AS part
    FROM tracking_history_seenevent WHERE known
) AS events
GROUP BY scope_id, part
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tracking_history", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="NotedEvents",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.BinaryField()),
                (
                    "scope",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="tracking_history.eventscope"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RememberedEvents",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("body", models.BinaryField()),
                (
                    "scope",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="tracking_history.eventscope"),
                ),
            ],
        ),
        migrations.RunSQL(MOVE, migrations.RunSQL.noop),
        migrations.DeleteModel(name="SeenEvent"),
    ]
