"""Signing in, and the lock after wrong passwords."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from tests.people import offices

from citycall.base import clock
from citycall.base.audit import AuditEntry
from citycall.base.commands import SYSTEM, Refused, citizen
from citycall.people import queries
from citycall.people.commands import (
    SignedIn,
    add_staff,
    change_password,
    deactivate_staff,
    set_password,
    sign_in,
    sign_out,
    unlock_staff,
)
from citycall.people.commands.signing_in import WRONG_FROM_ONE_ADDRESS
from citycall.people.models import Government, Staff
from citycall.people.sample_guard import SAMPLE_PASSWORD

pytestmark = pytest.mark.django_db
FROM = citizen(via="web", ip="203.0.113.9")


@pytest.fixture(autouse=True)
def _government() -> None:
    offices.found(sample=False)


@pytest.fixture
def wang() -> Staff:
    return offices.held("works.window")


def attempt(
    name: str = "works_window", password: str = offices.PASSWORD, ip: str = "203.0.113.9"
) -> SignedIn:
    return sign_in(citizen(via="web", ip=ip), {"username": name, "password": password})


def test_the_right_password(wang: Staff) -> None:
    done = attempt()
    assert (done.ok, done.staff, done.message) == (True, wang.pk, "")
    wang.refresh_from_db()
    assert wang.last_login == offices.NOW


def test_a_name_in_other_case_is_the_same_name(wang: Staff) -> None:
    assert attempt(name="Works_WINDOW").staff == wang.pk


def test_wrong_password_and_unknown_name_are_told_alike(wang: Staff) -> None:
    wrong, unknown = attempt(password="not this one"), attempt(name="nobody")
    assert wrong == unknown
    assert (wrong.ok, wrong.staff, wrong.message) == (False, None, "帳號或密碼不正確。")


@pytest.mark.parametrize("name", ["works_window", "nobody"])
def test_five_wrong_in_a_row_lock_any_name_for_15_minutes(wang: Staff, name: str) -> None:
    answers = [attempt(name=name, password="not this one") for _ in range(5)]
    assert [a.locked_until for a in answers[:4]] == [None] * 4
    assert answers[4].locked_until == offices.NOW + timedelta(minutes=15)
    locked = attempt(name=name)
    assert not locked.ok
    assert locked.message == answers[4].message
    assert "15" in locked.message
    with clock.at(offices.NOW + timedelta(minutes=15)):
        assert attempt(name=name).ok is (name == "works_window")


def test_a_right_one_in_between_starts_the_count_anew(wang: Staff) -> None:
    for _ in range(2):
        for _ in range(4):
            attempt(password="not this one")
        assert attempt().ok


def test_the_administrator_unlocks(wang: Staff) -> None:
    for _ in range(5):
        attempt(password="not this one")
    unlock_staff(SYSTEM, {"staff": wang.pk})
    assert attempt().ok


def test_guessing_many_names_from_one_address_is_slowed_down(wang: Staff) -> None:
    for number in range(WRONG_FROM_ONE_ADDRESS):
        attempt(name=f"guess{number}")
    assert not attempt().ok
    assert attempt(ip="203.0.113.10").ok
    with clock.at(offices.NOW + timedelta(minutes=16)):
        assert attempt().ok


def test_the_trail_names_the_attempt_and_never_the_password(wang: Staff) -> None:
    attempt(password="not this one")
    attempt()
    entries = AuditEntry.objects.filter(command="people.sign_in").order_by("id")
    assert [e.detail["result"] for e in entries] == ["wrong", "signed_in"]
    assert {(e.subject_kind, e.subject_id, e.ip) for e in entries} == {("staff", str(wang.pk), "203.0.113.9")}
    kept = str(list(AuditEntry.objects.values()))
    assert "not this one" not in kept
    assert offices.PASSWORD not in kept


def test_a_closed_account_cannot_sign_in(wang: Staff) -> None:
    deactivate_staff(SYSTEM, {"staff": wang.pk})
    assert attempt().message == "帳號或密碼不正確。"
    assert queries.recipient_of_post("works.window") is None


def test_the_samples_password_opens_nothing_in_a_real_government(wang: Staff) -> None:
    wang.set_password(SAMPLE_PASSWORD)
    wang.save()
    assert not attempt(password=SAMPLE_PASSWORD).ok
    Government.objects.update(sample=True)
    assert attempt(password=SAMPLE_PASSWORD).ok


@pytest.mark.parametrize(
    "password", ["short", "123456789012", "qwerty123456", SAMPLE_PASSWORD, "works_window1"]
)
def test_weak_passwords_are_not_taken(wang: Staff, password: str) -> None:
    with pytest.raises(Refused) as refused:
        set_password(SYSTEM, {"staff": wang.pk, "password": password})
    assert refused.value.code == "invalid"
    assert refused.value.fields["password"]


def test_changing_ones_own_password(wang: Staff) -> None:
    actor = queries.actor_of(wang)
    new = "another long phrase 2026"
    for data, field in (
        ({"old": "not this one", "new": new}, "old"),
        ({"old": offices.PASSWORD, "new": offices.PASSWORD}, "new"),
        ({"old": offices.PASSWORD, "new": "short"}, "new"),
    ):
        with pytest.raises(Refused) as refused:
            change_password(actor, data)
        assert refused.value.fields.keys() == {field}
    change_password(actor, {"old": offices.PASSWORD, "new": new})
    assert attempt(password=new).ok
    sign_out(actor, {})


def test_a_password_from_the_administrator_must_be_changed(wang: Staff) -> None:
    set_password(SYSTEM, {"staff": wang.pk, "password": "made for you 20260302"})
    assert attempt(password="made for you 20260302").must_change_password


def test_an_account_without_a_password_stays_closed() -> None:
    add_staff(SYSTEM, {"username": "lin", "display_name": "林小姐", "mobile": "0912-345-678"})
    assert Staff.objects.get(username="lin").mobile == "0912345678"
    assert not attempt(name="lin").ok
    for wrong in ({"email": "not an address"}, {"mobile": "02-29603456"}, {"username": "王"}):
        with pytest.raises(Refused) as refused:
            add_staff(SYSTEM, {"username": "chen", "display_name": "陳先生", **wrong})
        assert refused.value.fields.keys() == wrong.keys()
    with pytest.raises(Refused) as refused:
        add_staff(SYSTEM, {"username": "LIN", "display_name": "林小姐"})
    assert refused.value.code == "already_there"


def test_django_itself_signs_nobody_in(wang: Staff) -> None:
    assert authenticate(username="works_window", password=offices.PASSWORD) is None
