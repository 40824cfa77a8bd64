import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0005_open_by_due"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseReply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "way",
                    models.CharField(
                        choices=[("phone", "電話"), ("letter", "信函"), ("email", "電子郵件"), ("visit", "當面")],
                        max_length=8,
                        verbose_name="回覆方式",
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="回覆時間")),
                ("content", models.TextField(verbose_name="回覆內容")),
                ("reference", models.CharField(blank=True, max_length=80, verbose_name="發文字號")),
                ("staff_id", models.BigIntegerField(null=True)),
                ("recorded_at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="replies", to="cases.case"
                    ),
                ),
            ],
        ),
    ]
