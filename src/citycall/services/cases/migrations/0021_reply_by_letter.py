"""A letter among the ways in which a citizen may wish to be answered: nothing changes in the database."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_join_finding")]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="reply_by",
            field=models.CharField(
                choices=[
                    ("sms", "手機簡訊"),
                    ("email", "電子郵件"),
                    ("phone", "電話"),
                    ("letter", "書信"),
                    ("none", "不需回覆"),
                ],
                max_length=8,
                verbose_name="回覆方式",
            ),
        ),
    ]
