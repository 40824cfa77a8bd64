"""The people who work here, and the programs that act for a post."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from citycall.base.private import EncryptedTextField

LANGUAGES = (("zh-hant", "繁體中文"), ("en", "English"))


class StaffManager(BaseUserManager["Staff"]):
    """Makes accounts with their password hashed."""

    def create_staff(self, username: str, password: str | None, **fields: Any) -> Staff:
        staff = self.model(username=username, **fields)
        staff.set_password(password)
        staff.save(using=self._db)
        return staff

    def get_by_natural_key(self, username: str | None) -> Staff:
        return self.get(username__iexact=username)


class Staff(AbstractBaseUser):
    """One person's account. What they may do comes from the posts they hold, never from here."""

    username = models.CharField(max_length=60, unique=True)
    display_name = models.CharField(max_length=60)
    email = models.EmailField(blank=True)
    mobile = EncryptedTextField(null=True, blank=True)
    language = models.CharField(max_length=10, choices=LANGUAGES, default="zh-hant")
    is_active = models.BooleanField(default=True)
    failed_count = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    must_change_password = models.BooleanField(default=False)

    objects: ClassVar[StaffManager] = StaffManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name"]

    class Meta:
        verbose_name_plural = "staff"
        constraints = (models.UniqueConstraint(Lower("username"), name="people_username_any_case"),)

    def __str__(self) -> str:
        return self.display_name or self.username


class SignInFailure(models.Model):
    """A wrong password or unknown name, kept for a day to slow down guessing."""

    ip = models.GenericIPAddressField(null=True, blank=True)
    name_hash = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["ip", "at"], name="people_failure_ip"),
            models.Index(fields=["name_hash", "at"], name="people_failure_name"),
            models.Index(fields=["at"], name="people_failure_at"),
        )

    def __str__(self) -> str:
        return f"{self.ip} {self.at:%Y-%m-%d %H:%M}"


class ApiToken(models.Model):
    """Lets a program act for a post. Only a hash of the secret is kept."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    hash = models.CharField(max_length=64)
    post = models.ForeignKey("people.Post", on_delete=models.PROTECT, related_name="tokens")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
