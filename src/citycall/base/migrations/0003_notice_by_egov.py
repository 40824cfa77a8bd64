"""Notices may go by e公務 message too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("base", "0002_notice_called_off")]

    operations = [
        migrations.RemoveConstraint(model_name="notice", name="base_notice_channel"),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "sms", "egov", "screen"])),
                name="base_notice_channel",
            ),
        ),
    ]
