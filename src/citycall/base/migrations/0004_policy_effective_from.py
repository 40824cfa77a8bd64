"""Versions of the rules take effect on a day of their own.

Added beside `active`, which the release before this one goes on reading and writing. What it puts in force
meanwhile has no day: it holds from its loading.
"""

from django.db import migrations, models

BACKFILL = """
UPDATE base_policyversion SET effective_from = loaded_at;
UPDATE base_policyversion SET effective_from =
    (SELECT max(loaded_at) + interval '1 microsecond' FROM base_policyversion)
WHERE active AND loaded_at < (SELECT max(loaded_at) FROM base_policyversion);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("base", "0003_notice_by_egov"),
    ]

    operations = [
        migrations.AddField(
            model_name="policyversion",
            name="effective_from",
            field=models.DateTimeField(help_text="none: kept, and never put in force", null=True),
        ),
        migrations.AddField(
            model_name="policyversion",
            name="state",
            field=models.CharField(
                choices=[("approved", "已核定"), ("revoked", "生效前撤回")],
                db_default="approved",
                default="approved",
                max_length=8,
            ),
        ),
        migrations.RunSQL(BACKFILL, migrations.RunSQL.noop),
    ]
