"""Cases merged into another, repeats of a petition, points on the map, the letter's proposal."""

import django.db.models.deletion
from django.db import migrations, models

STATUSES = [
    ("established", "已成案，待簽收"),
    ("acknowledged", "已簽收"),
    ("in_progress", "處理中"),
    ("submitted", "陳核中"),
    ("completed", "已辦畢，待回覆"),
    ("closed", "已結案"),
    ("withdrawn", "已撤案"),
    ("released", "已解除列管"),
    ("merged", "已併案"),
]


def _other(name: str, words: str) -> migrations.AddField:
    return migrations.AddField(
        model_name="case",
        name=name,
        field=models.ForeignKey(
            db_index=False,
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            related_name={"merged_into": "followers", "repeat_of": "repeats"}[name],
            to="cases.case",
            verbose_name=words,
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("cases", "0012_intake")]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="status",
            field=models.CharField(choices=STATUSES, max_length=16, verbose_name="狀態"),
        ),
        _other("merged_into", "併入案件"),
        _other("repeat_of", "同一事由之前案"),
        migrations.AddField(
            model_name="case",
            name="merged_at",
            field=models.DateTimeField(null=True, verbose_name="併案時間"),
        ),
        migrations.AddField(
            model_name="case",
            name="reports",
            field=models.PositiveIntegerField(db_default=1, default=1, verbose_name="通報件數"),
        ),
        migrations.AddField(
            model_name="case",
            name="lat",
            field=models.FloatField(null=True, verbose_name="緯度"),
        ),
        migrations.AddField(
            model_name="case",
            name="lon",
            field=models.FloatField(null=True, verbose_name="經度"),
        ),
        migrations.AddField(
            model_name="case",
            name="accuracy_m",
            field=models.PositiveIntegerField(null=True, verbose_name="定位誤差（公尺）"),
        ),
        migrations.AddField(
            model_name="case",
            name="cell",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="unfoundedletter",
            name="facts",
            field=models.TextField(blank=True, db_default="", verbose_name="處理事實經過"),
        ),
        migrations.AddField(
            model_name="unfoundedletter",
            name="proposal",
            field=models.CharField(blank=True, db_default="", max_length=32, verbose_name="建議"),
        ),
        migrations.AddField(
            model_name="unfoundedletter",
            name="conditions",
            field=models.TextField(blank=True, db_default="", verbose_name="受理條件"),
        ),
    ]
