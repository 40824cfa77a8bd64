"""How Django's sessions find a member of staff again. Passwords are checked by `people.sign_in` only."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from citycall.base import reading
from citycall.people.models import Staff


class StaffBackend(BaseBackend):
    """Loads the signed-in account. It never signs anybody in by itself: there the failures are counted."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None

    def get_user(self, user_id: Any) -> Staff | None:
        found = reading.rows(Staff, "WHERE row.id = %s AND row.is_active", Staff._meta.pk.to_python(user_id))
        return found[0] if found else None
