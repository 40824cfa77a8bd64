"""The written reply, from its draft on; and petitions left unprocessed. Suits the running release."""

import django.db.models.deletion
from django.db import migrations, models

WAYS = [("phone", "電話"), ("sms", "手機簡訊"), ("letter", "信函"), ("email", "電子郵件"), ("visit", "當面")]
STATES = [("open", "擬稿"), ("issued", "已發出"), ("void", "未發出")]


class Migration(migrations.Migration):
    dependencies = [("cases", "0014_near_indexes")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="unprocessed_at",
            field=models.DateTimeField(null=True, verbose_name="不予處理日期"),
        ),
        migrations.AddField(
            model_name="case",
            name="unprocessed_by",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="unprocessed_ground",
            field=models.CharField(blank=True, db_default="", max_length=32, verbose_name="不予處理依據"),
        ),
        migrations.AddField(
            model_name="casereply",
            name="draft_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="casereply",
            name="way",
            field=models.CharField(choices=WAYS, max_length=8, verbose_name="回覆方式"),
        ),
        migrations.CreateModel(
            name="ReplyDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(choices=STATES, max_length=8, verbose_name="狀態")),
                ("way", models.CharField(choices=WAYS, max_length=8, verbose_name="回覆方式")),
                (
                    "way_reason",
                    models.CharField(blank=True, max_length=500, verbose_name="改用其他方式之理由"),
                ),
                ("title", models.CharField(blank=True, max_length=200, verbose_name="主旨")),
                ("content", models.TextField(blank=True, verbose_name="回覆內容")),
                ("handler_name", models.CharField(blank=True, max_length=80, verbose_name="承辦人")),
                ("handler_phone", models.CharField(blank=True, max_length=40, verbose_name="聯絡電話")),
                ("document_number", models.CharField(blank=True, max_length=80, verbose_name="發文文號")),
                ("reply_date", models.DateField(null=True, verbose_name="回復日期")),
                ("grade", models.CharField(blank=True, max_length=32, verbose_name="處理等級")),
                ("written_by", models.BigIntegerField(null=True)),
                ("written_at", models.DateTimeField()),
                ("issued_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reply_drafts",
                        to="cases.case",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "open")), fields=("case",), name="reply_draft_one_open"
                    )
                ],
            },
        ),
    ]
