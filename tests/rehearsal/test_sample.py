"""The sample government: everybody at their post, and a few days of cases in every state."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoDbBlocker
from tests.rehearsal.stories import PACKS

from citycall.base import clock
from citycall.base.audit import verify
from citycall.base.notices import Notice
from citycall.oversight.changes import approvers
from citycall.people.models import Deputy, Government, Holding, Post, Staff
from citycall.people.queries import role_defects
from citycall.people.sample_guard import SAMPLE_PASSWORD
from citycall.policy import load_pack, sample_world
from citycall.rehearsal import sample, sample_cases, sample_form
from citycall.rehearsal.lines import ScenarioError
from citycall.rehearsal.scratch import Scratch
from citycall.services.cases.models import Case, CaseTask, PhoneTask, StageRequest, UnfoundedLetter

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


@pytest.mark.parametrize(
    ("city", "start"),
    [
        pytest.param("newtaipei", None, id="newtaipei, now"),
        pytest.param("kinmen", None, id="kinmen, now"),
        pytest.param("taipei", None, id="taipei, now"),
        pytest.param("newtaipei", datetime(2026, 3, 1, 1, 30, tzinfo=clock.TAIPEI), id="a Sunday, the first"),
        pytest.param(
            "taipei", datetime(2026, 2, 23, 8, 5, tzinfo=clock.TAIPEI), id="after the New Year days"
        ),
    ],
)
def test_every_city_starts_with_cases_of_the_last_weeks(
    city: str, start: datetime | None, databases: Scratch, django_db_blocker: DjangoDbBlocker
) -> None:
    rules = load_pack(PACKS / city)
    with django_db_blocker.unblock(), databases.world(PACKS / city), _it_is(start):
        names = {account["username"] for account in sample.accounts()}
        assert f"{rules.managing_unit}.evaluator" in names
        roles, agency = approvers(rules)
        assert names & {f"{agency}.{role}" for role in (*roles, "magistrate")}, "who approves the rules"
        sample_cases.establish(PACKS / city, sample_world(rules), rules)
        assert clock.is_virtual() is (start is not None)
        now = clock.now()
        assert set(Case.objects.values_list("kind", flat=True)) == set(rules.kinds)
        kinds_waiting = set(Case.objects.filter(closed_at=None).values_list("kind", flat=True))
        assert kinds_waiting == set(rules.kinds)
        assert Case.objects.filter(overdue=True, status="in_progress").exists()
        assert Case.objects.filter(overdue=True, status="closed").exists()
        assert not Case.objects.filter(established_at__gt=now).exists()
        assert StageRequest.objects.filter(state="pending").exists()
        assert CaseTask.objects.filter(state="open").exists()
        assert PhoneTask.objects.filter(state="open").exists()
        assert not Notice.objects.exclude(state="sent").exists()
        assert verify().ok

        last_month = clock.local(now).replace(day=1) - timedelta(days=1)
        of_it = Case.objects.filter(
            established_at__gte=last_month.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
            established_at__lt=last_month.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1),
        )
        assert of_it.filter(completed_late=True).exists()
        assert of_it.filter(completed_late=False, status="closed").count() >= 4

        day = clock.local(now).date()
        yesterday = next(
            before for n in range(1, 20) if rules.calendar().is_working_day(before := day - timedelta(days=n))
        )
        midnight = datetime.combine(yesterday, time(), clock.TAIPEI)
        lying_over = Case.objects.filter(
            established_at__lt=midnight, due_at__gt=midnight + timedelta(days=1), closed_at=None
        )
        assert lying_over.filter(kind="petition").count() >= 2


def _it_is(start: datetime | None) -> AbstractContextManager[None]:
    return nullcontext() if start is None else clock.at(start)


def test_the_cases_of_new_taipei_are_in_every_state(
    databases: Scratch, django_db_blocker: DjangoDbBlocker
) -> None:
    rules = load_pack(PACK)
    with django_db_blocker.unblock(), databases.world(PACK):
        sample_cases.establish(PACK, sample_world(rules), rules)
        states = set(Case.objects.values_list("status", flat=True))
        assert states == {
            "established", "acknowledged", "in_progress", "submitted", "completed", "closed", "withdrawn"
        }  # fmt: skip
        assert Case.objects.filter(acknowledged_late=True).exists()
        assert set(StageRequest.objects.values_list("state", flat=True)) == {"pending", "approved"}
        assert UnfoundedLetter.objects.filter(state="offered").count() == 1
        assert Case.objects.filter(kind="report", status="submitted").count() == 1


@pytest.mark.parametrize(
    ("line", "changed", "said"),
    [
        ("at: -1h", "at: tomorrow", "not a past time"),
        ("fate: done", "fate: forgotten", "no fate 'forgotten'"),
        ("by: citizen_mobile", "by: nobody", "no sample citizen 'nobody'"),
        ("begins: taken", "begins: done", "no fate 'done' above"),
        ("at: +2h", "at: -2h", "not a time after"),
        ("item: streetlight", "category: rights", "names its agency"),
    ],
)
def test_a_mistake_is_named_with_its_line(line: str, changed: str, said: str, tmp_path: Path) -> None:
    right = (
        "fates:\n  taken: {}\n  done:\n    begins: taken\n    then:\n"
        "      - {at: +2h, do: cases.take, as: handler1}\n"
        "cases:\n  - {at: -1h, fate: done, said: x, by: citizen_mobile, item: streetlight}\n"
    )
    path = tmp_path / "cases.yaml"
    path.write_text(right)
    assert len(sample_form.read(path, {"citizen_mobile"}).steps("done")) == 1
    path.write_text(right.replace(line, changed))
    with pytest.raises(ScenarioError, match=said) as refused:
        sample_form.read(path, {"citizen_mobile"})
    assert refused.value.line > 1


def test_an_unknown_pack_is_said_so() -> None:
    with pytest.raises(sample.NoPack, match="atlantis"):
        sample.pack_folder("atlantis")
