"""A case's limit can be moved without touching an index (ADR 0011): it stands in none, and pages keep room.

Beside a running release: the index goes without a lock that keeps intake waiting; the room is kept on pages
that are written from now on.
"""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations

ROOM = """
ALTER TABLE cases_case SET (fillfactor = 80);
ALTER TABLE cases_caseclock SET (fillfactor = 80)
"""
NO_ROOM = """
ALTER TABLE cases_case RESET (fillfactor);
ALTER TABLE cases_caseclock RESET (fillfactor)
"""


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("cases", "0008_fewer_indexes"),
    ]

    operations = [
        RemoveIndexConcurrently(model_name="case", name="case_open_by_due"),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
