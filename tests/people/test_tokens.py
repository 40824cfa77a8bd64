"""Tokens of programs."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.people import offices

from citycall.base.audit import AuditEntry
from citycall.base.commands import SYSTEM, Refused
from citycall.people import queries
from citycall.people.commands import create_token, revoke_token
from citycall.people.models import ApiToken
from citycall.services.calls.commands import offer

pytestmark = pytest.mark.django_db


def test_a_token_acts_for_its_post_and_is_read_once() -> None:
    offices.post("call_centre.operator1", role="operator")
    made = create_token(SYSTEM, {"name": "App", "post": "call_centre.operator1"})
    with CaptureQueriesContext(connection) as seen:
        actor = queries.actor_of_token(made.token, ip="203.0.113.9")
        again = queries.actor_of_token(made.token)
    assert len(seen) == 1
    assert actor is not None
    assert again is not None
    assert (actor.name, actor.ip, actor.staff_id) == ("App", "203.0.113.9", None)
    assert actor.has("operator", "call_centre")
    assert actor.identity() == again.identity()


def test_only_a_hash_is_kept() -> None:
    offices.post("call_centre.operator1", role="operator")
    made = create_token(SYSTEM, {"name": "App", "post": "call_centre.operator1"})
    kept = ApiToken.objects.values().get()
    assert made.token not in str(kept)
    assert made.token.rpartition("_")[2] not in str(kept)
    assert made.token.startswith(f"cc_{kept['prefix']}_")
    assert made.token not in repr(made)


def test_a_revoked_token_is_worth_nothing() -> None:
    offices.post("call_centre.operator1", role="operator")
    made = create_token(SYSTEM, {"name": "App", "post": "call_centre.operator1"})
    assert queries.actor_of_token(made.token) is not None
    revoke_token(SYSTEM, {"token": made.id})
    assert queries.actor_of_token(made.token) is None
    with pytest.raises(Refused) as refused:
        revoke_token(SYSTEM, {"token": made.id})
    assert refused.value.code == "not_found"


@pytest.mark.parametrize("raw", ["", "cc_", "nonsense", "王", "cc_00000000_" + "x" * 5000, "\udcff"])
def test_what_is_no_token_is_nobody(raw: str) -> None:
    assert queries.actor_of_token(raw) is None


def test_a_token_needs_a_post() -> None:
    with pytest.raises(Refused) as refused:
        create_token(SYSTEM, {"name": "App", "post": "call_centre.nobody"})
    assert refused.value.code == "not_found"


def test_two_tokens_of_one_post_are_told_apart() -> None:
    offices.found()
    offices.post("call_centre.operator1", role="operator")
    actors = []
    for name in ("App", "App"):
        made = create_token(SYSTEM, {"name": name, "post": "call_centre.operator1"})
        actor = queries.actor_of_token(made.token)
        assert actor is not None
        actors.append(actor)
        calls = offer(actor, {"phone": "0912345678"}, key="the same key")
        assert calls is not None
    first, second = actors
    assert first.identity() != second.identity()
    entries = AuditEntry.objects.filter(command="calls.offer")
    assert [entry.outcome for entry in entries.order_by("pk")] == ["done", "done"]
    prefixes = ApiToken.objects.order_by("pk").values_list("prefix", flat=True)
    assert [entry.via for entry in entries.order_by("pk")] == [f"api:{prefix}" for prefix in prefixes]
