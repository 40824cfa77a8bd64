"""Photos and documents of a case."""

from __future__ import annotations

from django.db import models

from citycall.services.cases.models.case import Case


class CaseFile(models.Model):
    """A photo or document of a case; the content is ``base.files.StoredFile``."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="files")
    file_id = models.BigIntegerField(unique=True)
    caption = models.CharField(max_length=120, blank=True)
    added_by = models.BigIntegerField(null=True)
    added_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.case_id}:{self.file_id}"
