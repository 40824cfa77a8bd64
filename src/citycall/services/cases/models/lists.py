"""What people keep of their lists: filters with a name, and what was done to many cases at once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SavedFilter(models.Model):
    """A list that somebody looks at often: which tray, narrowed to what, in which order.

    ``wanted`` holds the choices of the list's form. Those of the agency see a shared one; its owner alone
    changes it.
    """

    SUBJECT_KIND = "saved_filter"

    staff_id = models.BigIntegerField()
    agency = models.CharField(max_length=64)
    title = models.CharField(_("名稱"), max_length=40)
    wanted = models.JSONField()
    place = models.PositiveSmallIntegerField()
    shared = models.BooleanField(_("機關共用"), default=False)
    first = models.BooleanField(_("開啟收件匣時先看"), default=False)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["staff_id", "place"], name="filter_own", condition=Q(removed_at__isnull=True)
            ),
            models.Index(
                fields=["agency"], name="filter_shared", condition=Q(removed_at__isnull=True, shared=True)
            ),
        )

    def __str__(self) -> str:
        return self.title


class BulkAct(models.Model):
    """One act on many cases: what was done to which, and whether it was taken back.

    ``done`` has for each case the last event that the act wrote and what stood there before; ``refused`` why
    it was not done.
    """

    SUBJECT_KIND = "bulk_act"

    act = models.CharField(max_length=16)
    staff_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    done = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    undone_at = models.DateTimeField(null=True)
    kept = models.JSONField(default=list)  # what the undoing left as it was, and why

    class Meta:
        indexes = (models.Index(fields=["staff_id", "-id"], name="bulk_own"),)

    def __str__(self) -> str:
        return f"{self.act}:{self.pk}"
