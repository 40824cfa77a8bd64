"""The same request twice is done once: keys, what was asked with them, and the answer that was given."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils.translation import gettext as _

from citycall.base.commands.refusals import Refused

KEPT_FOR = timedelta(days=30)
LONGEST_KEY = 200


class IdempotencyKey(models.Model):
    """One key of one actor for one command. Written first, so the same key at the same time waits."""

    id = models.BigAutoField(primary_key=True)
    scope = models.TextField()
    key = models.TextField()
    request = models.BinaryField()
    result = models.JSONField(null=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["scope", "key"], name="base_idempotency_scope_key"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"


@dataclass(frozen=True, slots=True)
class Claim:
    """`id` of the key that this run holds, or the stored answer of the run before."""

    id: int | None
    result: Any = None


def check_key(key: str) -> None:
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise Refused(
            "invalid",
            _("重複送出識別碼（Idempotency-Key）不正確。"),
            fields={"key": _("應為 1 至 %(n)s 個可見字元。") % {"n": LONGEST_KEY}},
            status=422,
        )


def claim(scope: str, key: str, request: bytes, now: datetime) -> Claim:
    """Take the key, or wait for whoever has it and give what it answered.

    A key that came with other content is refused.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO base_idempotencykey (scope, key, request, at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (scope, key) DO NOTHING RETURNING id",
            [scope, key, request, now],
        )
        row = cursor.fetchone()
        if row is not None:
            return Claim(row[0])
        cursor.execute(
            "SELECT request, result::text FROM base_idempotencykey WHERE scope = %s AND key = %s",
            [scope, key],
        )
        stored = cursor.fetchone()
    if stored is None or bytes(stored[0]) != request:
        raise Refused(
            "idempotency_conflict",
            _("這個重複送出識別碼已用於內容不同的請求。"),
            status=409,
        )
    return Claim(None, stored[1])


def forget_old(now: datetime) -> int:
    """Remove keys whose time is over."""
    return IdempotencyKey.objects.filter(at__lt=now - KEPT_FOR).delete()[0]
