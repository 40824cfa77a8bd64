"""By which words and facts a case is found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class CaseTerms(models.Model):
    """The terms of one case (see ``cases.terms``), written with the case, in its transaction."""

    case_id = models.BigIntegerField(primary_key=True)
    terms = ArrayField(models.BigIntegerField())

    class Meta:
        # No list of waiting entries: a search looks into many blocks and would read it as often.
        indexes = (GinIndex(fields=["terms"], name="case_terms", fastupdate=False),)

    def __str__(self) -> str:
        return str(self.case_id)
