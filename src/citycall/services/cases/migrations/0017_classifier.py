"""Trained models of the classification."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0016_lists")]

    operations = [
        migrations.CreateModel(
            name="Classifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("trained_at", models.DateTimeField()),
                ("trained_on", models.CharField(max_length=200)),
                ("reports", models.PositiveIntegerField()),
                ("accuracy", models.JSONField(default=dict)),
                ("data", models.BinaryField()),
            ],
        ),
    ]
