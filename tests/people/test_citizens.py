"""Citizens' contact data: kept unreadable, shown with a purpose, every look on record."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from tests.people import offices

from citycall.base.audit import AuditEntry
from citycall.base.commands import Refused, background
from citycall.people import queries
from citycall.people.commands import unmask
from citycall.people.models import Party, PartyView
from citycall.people.parties import create_party, erase_party, reveal

pytestmark = pytest.mark.django_db
WANG = {
    "name": "王小明",
    "phone": "0912-345-678",
    "email": "wang@example.com",
    "address": "板橋區中山路一段161號",
}


def party(**given: str | None) -> Party:
    with background("test") as ctx:
        return create_party(ctx, **(given or WANG))


def test_the_database_holds_nothing_readable() -> None:
    made = party()
    with connection.cursor() as cursor:
        cursor.execute("SELECT p::text FROM people_party p WHERE id = %s", [made.pk])
        kept = cursor.fetchone()[0]
    for word in ("0912345678", "wang", *(s.encode().hex() for s in ("王", "中山路", "0912345678", "wang"))):
        assert word not in kept
    assert Party.objects.get(pk=made.pk).name == "王小明"


def test_a_screen_shows_masks() -> None:
    made = Party.objects.get(pk=party().pk)
    assert str(made) == made.masked_name == "王○明"
    assert made.masked_phone == "09xx-xxx-678"
    assert made.masked_email == "w***@example.com"
    assert made.masked_address == "板橋區中山路一段○○"
    assert made.has_mobile


def test_taking_in_is_one_statement() -> None:
    with background("test") as ctx, CaptureQueriesContext(connection) as seen:
        create_party(ctx, **WANG)
        assert len(seen) == 1


def test_a_number_is_found_again_however_it_is_written() -> None:
    first, second = party(), party(phone="+886 912 345 678")
    party(phone="0912345679")
    assert queries.parties_by_phone("０９１２３４５６７８") == [second.pk, first.pk]
    assert queries.parties_by_phone("no number") == []


def test_wrong_contact_data_are_refused_by_field() -> None:
    with pytest.raises(Refused) as refused:
        party(phone="12345", email="nonsense")
    assert refused.value.fields.keys() == {"reporter.phone", "reporter.email"}
    assert refused.value.status == 422
    assert not Party.objects.exists()


def test_nothing_given_is_nothing_kept() -> None:
    made = party(name="  ", phone="", email=None)
    assert (made.name, made.phone, made.email, made.phone_hash, made.has_mobile) == (
        None,
        None,
        None,
        None,
        False,
    )


def test_every_look_is_on_record() -> None:
    made = party()
    lead = offices.held("call_centre.lead")
    seen = unmask(
        offices.at("call_centre.lead"),
        {"party": made.pk, "purpose": "查證重複通報", "about_kind": "case", "about_id": 5},
    )
    assert (seen.name, seen.phone, seen.phone_display) == ("王小明", "0912345678", "0912-345-678")
    [view] = queries.party_views(party=made.pk)
    assert (view.staff_id, view.post, view.purpose) == (lead.pk, "call_centre.lead", "查證重複通報")
    assert (view.about_kind, view.about_id, view.at) == ("case", 5, offices.NOW)
    entry = AuditEntry.objects.get(command="people.unmask")
    assert entry.subject_id == str(made.pk)
    assert "0912345678" not in str(entry.detail)


def test_no_purpose_no_look() -> None:
    made = party()
    offices.held("call_centre.lead")
    for purpose in ("", "  ", "查"):
        with pytest.raises(Refused) as refused:
            unmask(offices.at("call_centre.lead"), {"party": made.pk, "purpose": purpose})
        assert refused.value.fields.keys() == {"purpose"}
    assert not PartyView.objects.exists()


def test_who_may_not_is_refused_and_that_is_on_record() -> None:
    made = party()
    offices.held("works.handler1")
    with pytest.raises(Refused) as refused:
        unmask(offices.at("works.handler1"), {"party": made.pk, "purpose": "好奇看看"})
    assert refused.value.code == "not_permitted"
    assert AuditEntry.objects.filter(command="people.unmask", outcome="not_permitted").count() == 1


def test_only_what_was_asked_for_is_shown() -> None:
    made = party()
    with background("test") as ctx:
        seen = reveal(ctx, made.pk, "電話回覆", fields=["phone"])
    assert (seen.phone, seen.name, seen.address) == ("0912345678", None, None)
    assert PartyView.objects.get().fields == ["phone"]


@pytest.mark.parametrize("act", ["update", "delete"])
def test_a_look_cannot_be_taken_off_the_record(act: str) -> None:
    made = party()
    with background("test") as ctx:
        reveal(ctx, made.pk, "電話回覆")
    looks = PartyView.objects.all()
    change = looks.delete if act == "delete" else partial(looks.update, purpose="something else")
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        change()


def test_erased_data_are_gone_and_the_looks_stay() -> None:
    made = party()
    with background("test") as ctx:
        reveal(ctx, made.pk, "電話回覆")
        erase_party(ctx, made.pk)
    made.refresh_from_db()
    assert (made.name, made.phone, made.phone_hash, str(made)) == (None, None, None, f"#{made.pk}")
    assert queries.parties_by_phone("0912345678") == []
    assert PartyView.objects.count() == 1
    with pytest.raises(Refused) as refused, background("test") as ctx:
        reveal(ctx, made.pk, "電話回覆")
    assert refused.value.code == "not_found"
