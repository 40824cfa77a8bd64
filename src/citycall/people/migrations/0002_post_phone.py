"""The telephone of a post, for citizens to ring; suits the running release."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="post",
            name="phone",
            field=models.CharField(blank=True, db_default="", max_length=40),
        ),
    ]
