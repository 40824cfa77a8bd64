"""Indexes of the table of cases, built beside a running release: no lock that keeps intake waiting."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("cases", "0004_whole_life_fields"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(condition=models.Q(('status__in', ['established', 'acknowledged', 'in_progress', 'submitted', 'completed'])), fields=['agency', 'due_at'], name='case_open_by_due'),
        ),
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(condition=models.Q(('related_to__isnull', False)), fields=['related_to'], name='case_related'),
        ),
        RemoveIndexConcurrently(
            model_name='case',
            name='case_open_due',
        ),
    ]
