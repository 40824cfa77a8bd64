"""The sample government: everybody at their post, and a few days of cases in every state."""

from __future__ import annotations

import pytest
from pytest_django import DjangoDbBlocker
from tests.rehearsal.stories import PACKS

from citycall.base import clock
from citycall.base.audit import verify
from citycall.base.notices import Notice
from citycall.people.models import Deputy, Government, Holding, Post, Staff
from citycall.people.queries import role_defects
from citycall.people.sample_guard import SAMPLE_PASSWORD
from citycall.policy import load_pack, sample_world
from citycall.rehearsal import sample, sample_cases
from citycall.rehearsal.scratch import Scratch
from citycall.services.cases.models import Case, PhoneTask, StageRequest, UnfoundedLetter

pytestmark = pytest.mark.slow  # needs databases of its own

PACK = PACKS / "newtaipei"


def test_everybody_is_at_their_post(databases: Scratch, django_db_blocker: DjangoDbBlocker) -> None:
    with django_db_blocker.unblock(), databases.world(PACK):
        assert Government.objects.get().sample
        assert Holding.objects.filter(until=None).count() == Post.objects.count()
        assert Deputy.objects.filter(post="works.intake_window").count() == 3
        assert not role_defects(["works", "env", "police", "social", "civil"])
        shown = sample.accounts()
        assert {account["username"] for account in shown} == set(sample.SHOWN)
        operator = Staff.objects.get(username="call_centre.operator1")
        assert operator.check_password(SAMPLE_PASSWORD)
        assert not Notice.objects.exists()


def test_the_sample_cases_are_in_every_state(databases: Scratch, django_db_blocker: DjangoDbBlocker) -> None:
    rules = load_pack(PACK)
    with django_db_blocker.unblock(), databases.world(PACK):
        sample_cases.establish(PACK, sample_world(rules), rules)
        assert not clock.is_virtual()
        states = set(Case.objects.values_list("status", flat=True))
        assert states == {"established", "acknowledged", "in_progress", "completed", "closed", "withdrawn"}
        assert Case.objects.count() == 25
        assert Case.objects.filter(overdue=True, status="in_progress").exists()
        assert Case.objects.filter(acknowledged_late=True).exists()
        assert set(StageRequest.objects.values_list("state", flat=True)) == {"pending", "approved"}
        assert UnfoundedLetter.objects.filter(state="offered").count() == 1
        assert PhoneTask.objects.filter(state="open").count() == 1
        assert not Case.objects.filter(established_at__gt=clock.now()).exists()
        assert not Notice.objects.exclude(state="sent").exists()
        assert verify().ok


def test_an_unknown_pack_is_said_so() -> None:
    with pytest.raises(sample.NoPack, match="atlantis"):
        sample.pack_folder("atlantis")
