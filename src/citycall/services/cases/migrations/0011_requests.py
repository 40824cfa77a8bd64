"""Requests about cases, the agencies that join one, disputes and their parties; new columns may be empty."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0010_terms"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="assigned_at",
            field=models.DateTimeField(null=True, verbose_name="改分時間"),
        ),
        migrations.AddField(
            model_name="case",
            name="follow_up_on",
            field=models.DateField(null=True, verbose_name="追蹤日期"),
        ),
        migrations.AddField(
            model_name="case",
            name="joint_late",
            field=models.BooleanField(db_default=False, default=False, verbose_name="併會逾期"),
        ),
        migrations.AddField(
            model_name="case",
            name="outcome",
            field=models.TextField(blank=True, db_default="", verbose_name="府外機關辦理情形"),
        ),
        migrations.CreateModel(
            name="CaseRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32)),
                ("effect", models.CharField(max_length=16)),
                ("agency", models.CharField(max_length=64, verbose_name="申請機關")),
                ("owner", models.CharField(blank=True, max_length=64, verbose_name="決定機關")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "待決定"),
                            ("approved", "同意"),
                            ("refused", "不同意"),
                            ("withdrawn", "已撤回"),
                            ("lapsed", "毋庸決定"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(verbose_name="理由")),
                ("ground", models.CharField(blank=True, max_length=32, verbose_name="事由")),
                ("proposed", models.JSONField(default=list, verbose_name="建議機關")),
                ("late", models.BooleanField(default=False, verbose_name="逾期申請")),
                ("window_end", models.DateTimeField(null=True, verbose_name="申請期限")),
                ("site_inspection", models.BooleanField(default=False, verbose_name="需現場勘查")),
                ("consent_level", models.CharField(blank=True, max_length=32, verbose_name="同意層級")),
                ("consent_person", models.CharField(blank=True, max_length=80, verbose_name="同意人員")),
                ("consent_date", models.DateField(null=True, verbose_name="同意日期")),
                ("files", models.JSONField(default=list, verbose_name="簽陳")),
                ("place", models.CharField(blank=True, max_length=200, verbose_name="地點")),
                ("attempt_at", models.DateTimeField(null=True, verbose_name="聯繫時間")),
                ("attempt", models.CharField(blank=True, max_length=500, verbose_name="聯繫情形")),
                ("until", models.DateField(null=True, verbose_name="展延至")),
                ("requested_by", models.BigIntegerField(null=True)),
                ("requested_at", models.DateTimeField()),
                ("decided_by", models.BigIntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision_reason", models.TextField(blank=True, verbose_name="決定理由")),
                ("decided_agencies", models.JSONField(default=list, verbose_name="決定機關別")),
                ("old_agency", models.CharField(blank=True, max_length=64)),
                ("old_due", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="requests", to="cases.case"
                    ),
                ),
                (
                    "linked_to",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="linked",
                        to="cases.caserequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CasePosition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("agency", models.CharField(max_length=64)),
                ("text", models.TextField(blank=True, verbose_name="主張")),
                ("stated_at", models.DateTimeField(null=True)),
                ("stated_by", models.BigIntegerField(null=True)),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="positions",
                        to="cases.caserequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CaseJoin",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32)),
                ("agency", models.CharField(max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待填報"), ("done", "已填報"), ("ended", "毋庸填報")],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("joined_at", models.DateTimeField(verbose_name="加分時間")),
                ("text", models.TextField(blank=True, verbose_name="辦理結果")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="填報時間")),
                ("answered_by", models.BigIntegerField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="joins", to="cases.case"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["agency", "case"], name="case_join_agency")],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "agency"), name="one_join_of_an_agency")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="caserequest",
            index=models.Index(
                condition=models.Q(("state", "pending")), fields=["owner", "id"], name="case_request_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="caserequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "pending")),
                fields=("case", "code"),
                name="one_pending_request_of_a_code",
            ),
        ),
        migrations.AddConstraint(
            model_name="caseposition",
            constraint=models.UniqueConstraint(fields=("request", "agency"), name="one_position_of_a_party"),
        ),
    ]
