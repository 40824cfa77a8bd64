"""Closures that staff declare, and long work in portions, which counts clocks anew after one."""

import django.db.models.deletion
from django.db import migrations, models

import citycall.base.audit


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0004_policy_effective_from"),
    ]

    operations = [
        migrations.CreateModel(
            name="Closure",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("day", models.DateField(verbose_name="停班日")),
                (
                    "part",
                    models.CharField(
                        choices=[("all", "全日"), ("morning", "上午"), ("afternoon", "下午")],
                        default="all",
                        max_length=9,
                        verbose_name="停班時段",
                    ),
                ),
                ("area", models.CharField(default="all", max_length=80, verbose_name="停班範圍")),
                (
                    "cause",
                    models.CharField(
                        choices=[("disaster", "天然災害"), ("other", "其他原因")],
                        default="disaster",
                        max_length=8,
                        verbose_name="停班原因",
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="停班事由")),
                ("declared_by", models.BigIntegerField(null=True)),
                ("declared_at", models.DateTimeField(verbose_name="宣告時間")),
                ("withdrawn_by", models.BigIntegerField(null=True)),
                ("withdrawn_at", models.DateTimeField(null=True, verbose_name="撤回時間")),
                (
                    "withdraw_reason",
                    models.CharField(blank=True, default="", max_length=200, verbose_name="撤回理由"),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-day", "-id"], name="base_closure_newest")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at__isnull", True)),
                        fields=("day", "area", "part"),
                        name="base_closure_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.TextField()),
                ("subject_kind", models.TextField()),
                ("subject_id", models.BigIntegerField()),
                ("payload", models.JSONField(default=dict)),
                ("asked_at", models.DateTimeField()),
                ("seen_at", models.DateTimeField(null=True)),
                ("horizon", citycall.base.audit.TransactionIdField(null=True)),
                ("planned_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)), fields=["id"], name="base_job_open"
                    ),
                    models.Index(fields=["subject_kind", "subject_id", "id"], name="base_job_subject"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Portion",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
                ("rows", models.IntegerField()),
                (
                    "state",
                    models.TextField(
                        choices=[("pending", "Pending"), ("done", "Done"), ("broken", "Broken")],
                        default="pending",
                    ),
                ),
                ("changed", models.IntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                ("error", models.TextField(default="")),
                (
                    "job",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="portions", to="base.job"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["job", "id"],
                        name="base_portion_pending",
                    )
                ],
            },
        ),
    ]
