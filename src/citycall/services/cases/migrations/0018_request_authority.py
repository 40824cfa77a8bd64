"""A request for release may name an authority outside the city."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0017_classifier"),
    ]

    operations = [
        migrations.AddField(
            model_name="caserequest",
            name="authority",
            field=models.CharField(blank=True, db_default="", max_length=120, verbose_name="府外權責機關"),
        ),
    ]
