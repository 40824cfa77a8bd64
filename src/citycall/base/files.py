"""What people attach: kept once by content, checked by content and not by name."""

from __future__ import annotations

from django.db import models


class StoredFile(models.Model):
    """One attached file. Its content lies in `settings.MEDIA_ROOT` under its hash."""

    sha256 = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=120)
    mime = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    about_kind = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    uploaded_by = models.BigIntegerField(null=True, blank=True)
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "base"
        db_table = "base_stored_file"
        indexes = (models.Index(fields=["about_kind", "about_id"], name="base_file_about"),)

    def __str__(self) -> str:
        return self.name
