"""Notices may go by e公務 message too. The rows are looked through without keeping anybody waiting."""

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("base", "0002_notice_called_off")]

    operations = [
        migrations.RemoveConstraint(model_name="notice", name="base_notice_channel"),
        AddConstraintNotValid(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "sms", "egov", "screen"])),
                name="base_notice_channel",
            ),
        ),
        ValidateConstraint(model_name="notice", name="base_notice_channel"),
    ]
