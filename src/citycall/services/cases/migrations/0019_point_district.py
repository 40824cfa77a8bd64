"""A case keeps the district that its point lies in, where the address says another one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0018_request_authority"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="point_district",
            field=models.CharField(blank=True, db_default="", max_length=16, verbose_name="定位點所在行政區"),
        ),
    ]
