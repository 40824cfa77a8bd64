"""Citizens as parties to a matter: contact data, encrypted, and the log of every look at it."""

from __future__ import annotations

import pgtrigger
from django.db import models

from citycall.base import private
from citycall.base.private import EncryptedTextField


class Party(models.Model):
    """One person's contact data for one matter. Screens show the masks; `reveal` shows the rest."""

    name = EncryptedTextField(null=True, blank=True)
    phone = EncryptedTextField(null=True, blank=True)
    phone2 = EncryptedTextField(null=True, blank=True)
    email = EncryptedTextField(null=True, blank=True)
    address = EncryptedTextField(null=True, blank=True)
    phone_hash = models.CharField(max_length=64, null=True, blank=True, db_index=True)
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "parties"

    def __str__(self) -> str:
        return self.masked_name or f"#{self.pk}"

    @property
    def masked_name(self) -> str:
        return private.mask_name(self.name)

    @property
    def masked_phone(self) -> str:
        return private.mask_phone(self.phone)

    @property
    def masked_email(self) -> str:
        return private.mask_email(self.email)

    @property
    def masked_address(self) -> str:
        return private.mask_address(self.address)

    @property
    def has_mobile(self) -> bool:
        """Whether a text message can reach them."""
        return bool(self.phone and private.is_mobile(self.phone))


class IdentityCheck(models.Model):
    """Who reports was rung back, and said that it was they, or not (NT-8-2a, NT-8-2b). Never changed.

    It is about a call, before there is any case; the number is personal data.
    """

    SUBJECT_KIND = "identity_check"

    call_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    phone = EncryptedTextField()
    phone_hash = models.CharField(max_length=64)
    confirmed = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    checked_by = models.BigIntegerField(null=True, blank=True)
    checked_post = models.CharField(max_length=96, blank=True)

    class Meta:
        triggers = (pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"#{self.pk}: {self.confirmed}"


class PartyView(models.Model):
    """Somebody looked at a citizen's contact data: who, what, why. Never changed, never deleted."""

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="views")
    staff_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    post = models.CharField(max_length=80, blank=True)
    via = models.CharField(max_length=20)
    ip = models.GenericIPAddressField(null=True, blank=True)
    purpose = models.CharField(max_length=200)
    fields = models.JSONField(default=list)
    about_kind = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        triggers = (pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),)

    def __str__(self) -> str:
        return f"#{self.party_id}: {self.purpose}"
