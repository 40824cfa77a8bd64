"""Small indexes for what stands on top of an agency's list, built beside a running release."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("cases", "0006_case_reply"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                fields=["agency", "notified_at"],
                name="case_told_not_started",
                condition=models.Q(
                    ("notified_at__isnull", False), ("status__in", ["established", "acknowledged"])
                ),
            ),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                fields=["agency", "id"],
                name="case_registered_late",
                condition=models.Q(("registered_late", True)),
            ),
        ),
    ]
