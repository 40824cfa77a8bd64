"""By which words and facts cases are found, and short ways to the rare ones of an agency's list.

Beside a running release: a new table, and indexes that are built without a lock that keeps intake waiting. Cases
that are there already get their terms in batches; `citycall cases index` gives them to what an older release
writes meanwhile.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

OPEN = ["established", "acknowledged", "in_progress", "submitted", "completed"]


def fill(apps, schema_editor):
    """The terms of the cases that are there, a thousand in a transaction."""
    from citycall.services.cases import terms

    case_model, terms_model = apps.get_model("cases", "Case"), apps.get_model("cases", "CaseTerms")
    after = 0
    while cases := list(case_model.objects.filter(pk__gt=after).order_by("pk")[:1000]):
        terms_model.objects.bulk_create(
            (terms_model(case_id=case.pk, terms=terms.keyed(case, OPEN)) for case in cases),
            ignore_conflicts=True,
        )
        after = cases[-1].pk


def some(name, fields, **condition):
    return AddIndexConcurrently(
        model_name="case",
        index=models.Index(fields=fields, name=name, condition=models.Q(status__in=OPEN, **condition)),
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("cases", "0009_due_without_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseTerms",
            fields=[
                ("case_id", models.BigIntegerField(primary_key=True, serialize=False)),
                (
                    "terms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fastupdate=False, fields=["terms"], name="case_terms"
                    )
                ],
            },
        ),
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
        some("case_intake_late", ["agency", "id"], registered_late=True),
        RemoveIndexConcurrently(model_name="case", name="case_registered_late"),
        some("case_overdue", ["agency", "-id"], overdue=True),
        some("case_taken", ["taken_by", "-id"], taken_by__isnull=False),
        some("case_reported", ["agency", "-id"], reported_back_at__isnull=False, completed_at__isnull=True),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                fields=["agency", "-id"],
                name="case_graded",
                condition=models.Q(status__in=OPEN) & ~models.Q(grade=""),
            ),
        ),
    ]
