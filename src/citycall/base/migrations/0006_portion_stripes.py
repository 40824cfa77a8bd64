"""Portions of every n-th row: two columns with values that the database gives, so none is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0005_closures_and_jobs"),
    ]

    operations = [
        migrations.AddField(
            model_name="portion",
            name="stripe",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="portion",
            name="stripes",
            field=models.SmallIntegerField(db_default=1, default=1),
        ),
    ]
