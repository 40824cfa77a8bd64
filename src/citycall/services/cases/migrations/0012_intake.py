"""What a matter touches, how it was identified, by which way it came; false reports handed to the police.

Beside a running release: columns with a default of the database's own, and a new table.
"""

import django.db.models.deletion
from django.db import migrations, models

CHANNELS = [
    ("phone", "電話"),
    ("api", "系統介接"),
    ("web", "網路"),
    ("counter", "臨櫃"),
    ("import", "匯入"),
    ("letter", "書信"),
    ("box", "意見箱"),
]
STATES = [
    ("asked", "已請求追究，待移送"),
    ("referred", "已移送警察機關"),
    ("accepted", "警察機關已受理"),
    ("transferred", "已移送地檢署"),
    ("indicted", "已起訴"),
    ("not_indicted", "不起訴"),
    ("ended", "已結束"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0011_requests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="channel",
            field=models.CharField(choices=CHANNELS, max_length=8, verbose_name="受理管道"),
        ),
        migrations.AddField(
            model_name="case",
            name="marks",
            field=models.JSONField(
                db_default=models.Value([], models.JSONField()), default=list, verbose_name="註記"
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="identity_refused",
            field=models.BooleanField(db_default=False, default=False, verbose_name="不願具名"),
        ),
        migrations.AddField(
            model_name="case",
            name="identity_check_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="case",
            name="application",
            field=models.CharField(blank=True, db_default="", max_length=80, verbose_name="申辦案號"),
        ),
        migrations.CreateModel(
            name="PoliceReferral",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("state", models.CharField(choices=STATES, default="asked", max_length=16)),
                ("asked_at", models.DateTimeField()),
                ("asked_by", models.BigIntegerField(null=True)),
                ("asked_call_id", models.BigIntegerField(null=True)),
                ("note", models.TextField(blank=True)),
                ("referred_on", models.DateField(null=True, verbose_name="移送日期")),
                ("referred_by", models.BigIntegerField(null=True)),
                ("police_unit", models.CharField(blank=True, max_length=120, verbose_name="警察單位")),
                ("reference", models.CharField(blank=True, max_length=80, verbose_name="公文文號")),
                ("state_on", models.DateField(null=True)),
                ("state_note", models.TextField(blank=True)),
                ("evidence_at", models.DateTimeField(null=True)),
                ("evidence_digest", models.CharField(blank=True, max_length=64)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="police_referrals",
                        to="cases.case",
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="police_referral",
                        to="cases.incident",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "-id"], name="police_referral_state")],
            },
        ),
    ]
