"""A job that cannot be laid out: how often it was tried, why in vain, when again, or since when it is set aside."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0006_portion_stripes"),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="attempts",
            field=models.SmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="job",
            name="error",
            field=models.TextField(db_default="", default=""),
        ),
        migrations.AddField(
            model_name="job",
            name="retry_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="job",
            name="broken_at",
            field=models.DateTimeField(null=True),
        ),
    ]
