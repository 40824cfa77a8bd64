"""What is near, what is merged: indexes built, and a check proved, beside a running release."""

from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import migrations, models

OPEN = ("established", "acknowledged", "in_progress", "submitted", "completed")


def _index(name: str, fields: list[str], **condition: object) -> AddIndexConcurrently:
    # In the order in which the model has them, so that both say the same.
    where = models.Q(*sorted(condition.items()))
    return AddIndexConcurrently("case", models.Index(fields=fields, name=name, condition=where))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0013_merged_and_points")]

    operations = [
        _index("case_merged", ["merged_into"], merged_into__isnull=False),
        _index("case_repeat", ["repeat_of"], repeat_of__isnull=False),
        _index("case_open_place", ["cause_group", "addr_key", "id"], status__in=OPEN),
        _index("case_open_cell", ["cause_group", "cell", "id"], cell__isnull=False, status__in=OPEN),
        AddConstraintNotValid(
            "case",
            models.CheckConstraint(
                name="case_merged_into_another",
                condition=models.Q(status="merged", merged_into__isnull=False)
                | ~models.Q(status="merged") & models.Q(merged_into=None),
                violation_error_message="併案須有併入之案件",
            ),
        ),
        ValidateConstraint("case", "case_merged_into_another"),
    ]
