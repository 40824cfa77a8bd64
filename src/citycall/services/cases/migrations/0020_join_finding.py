"""What a joined agency found, beside its words (TP-5-3-0). Suits the running release: it has a default."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0019_point_district")]

    operations = [
        migrations.AddField(
            model_name="casejoin",
            name="finding",
            field=models.CharField("查處情形", max_length=32, blank=True, db_default=""),
        ),
    ]
