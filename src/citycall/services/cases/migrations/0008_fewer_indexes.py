"""Two indexes that no query uses, and that every case paid for: fewer writes when a case comes in or moves.

Beside a running release: a name is changed and two indexes go, in an instant. Left to themselves the
operations would build the unique index and prove the foreign key anew, and keep intake waiting meanwhile.
"""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
DO $$
DECLARE idle text;
BEGIN
    ALTER TABLE cases_case RENAME CONSTRAINT cases_case_number_key TO case_number_once;
    FOR idle IN
        SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND (
            (tablename = 'cases_case' AND indexname ~ '^cases_case_number_[0-9a-f]{8}_like$')
            OR (tablename = 'cases_caseclock' AND indexname ~ '^cases_caseclock_case_id_[0-9a-f]{8}$')
        )
    LOOP
        EXECUTE format('DROP INDEX %I', idle);
    END LOOP;
END $$
"""
BACK = "ALTER TABLE cases_case RENAME CONSTRAINT case_number_once TO cases_case_number_key"


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0007_told_and_late"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACK)],
            state_operations=[
                migrations.AlterField(
                    model_name="case",
                    name="number",
                    field=models.CharField(max_length=24, verbose_name="案號"),
                ),
                migrations.AlterField(
                    model_name="caseclock",
                    name="case",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clocks",
                        to="cases.case",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="case",
                    constraint=models.UniqueConstraint(fields=("number",), name="case_number_once"),
                ),
            ],
        ),
    ]
