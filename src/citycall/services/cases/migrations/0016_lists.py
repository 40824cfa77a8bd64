"""What people keep of their lists: saved filters, and acts on many cases that can be taken back. New tables."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("cases", "0015_writing"),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkAct",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(max_length=16)),
                ("staff_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField()),
                ("done", models.JSONField(default=list)),
                ("refused", models.JSONField(default=list)),
                ("undone_at", models.DateTimeField(null=True)),
                ("kept", models.JSONField(default=list)),
            ],
            options={
                "indexes": [models.Index(fields=["staff_id", "-id"], name="bulk_own")],
            },
        ),
        migrations.CreateModel(
            name="SavedFilter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("staff_id", models.BigIntegerField()),
                ("agency", models.CharField(max_length=64)),
                ("title", models.CharField(max_length=40, verbose_name="名稱")),
                ("wanted", models.JSONField()),
                ("place", models.PositiveSmallIntegerField()),
                ("shared", models.BooleanField(default=False, verbose_name="機關共用")),
                ("first", models.BooleanField(default=False, verbose_name="開啟收件匣時先看")),
                ("removed_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("removed_at__isnull", True)), fields=["staff_id", "place"], name="filter_own"),
                    models.Index(condition=models.Q(("removed_at__isnull", True), ("shared", True)), fields=["agency"], name="filter_shared"),
                ],
            },
        ),
    ]
