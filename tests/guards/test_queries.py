"""A list screen asks the database as often for ten rows as for two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

ADDRESS = "板橋區中山路一段{}號"


@dataclass(frozen=True)
class ListScreen:
    """A list, and who looks at it. `API` asks with a token."""

    address: str
    username: str
    htmx: bool = False
    grows: bool = True


MOST = 25
API = "token"
LISTS = (
    ListScreen("/desk/search?q=路燈", "call_centre.operator1"),
    ListScreen("/desk/stage-requests/", "call_centre.lead"),
    ListScreen("/desk/ringing", "call_centre.operator1", htmx=True),
    ListScreen("/desk/outage/", "call_centre.operator1", grows=False),
    ListScreen("/desk/tasks/", "call_centre.operator1", grows=False),
    ListScreen("/inbox/requests/", "secretariat.allotter", grows=False),
    ListScreen("/inbox/trays/joined/", "works.handler1", grows=False),
    ListScreen("/inbox/", "works.intake_window"),
    ListScreen("/inbox/tasks/", "works.window"),
    ListScreen("/inbox/tasks/?of=all", "works.handler1"),
    ListScreen("/inbox/trays/all/", "works.handler1"),
    ListScreen("/inbox/trays/mine/", "works.handler1"),
    ListScreen("/inbox/trays/late/", "works.intake_window"),
    ListScreen("/inbox/trays/all/?q=路燈&item=streetlight&sort=-number", "works.intake_window"),
    ListScreen("/inbox/trays/progress/?district=65000010&sort=due", "works.section_chief"),
    ListScreen("/inbox/trays/all.ods", "works.intake_window"),
    ListScreen("/inbox/filters/", "works.handler1", grows=False),
    ListScreen("/inbox/trays/all/save?item=streetlight", "works.handler1", grows=False),
    ListScreen("/inbox/delays/", "works.evaluator"),
    ListScreen("/inbox/letters/", "works.window", grows=False),
    ListScreen("/inbox/posts/", "works.head", grows=False),
    ListScreen("/oversight/", "research.director", grows=False),
    ListScreen("/oversight/cases/", "research.director"),
    ListScreen("/oversight/owed/", "research.director"),
    ListScreen("/oversight/items/", "research.director", grows=False),
    ListScreen("/oversight/delays/", "research.director", grows=False),
    ListScreen("/oversight/closures/", "secretariat.duty_officer", grows=False),
    ListScreen("/oversight/letters/", "research.evaluator", grows=False),
    ListScreen("/oversight/incidents/", "research.director", grows=False),
    ListScreen("/oversight/posts/", "research.director", grows=False),
    ListScreen("/oversight/outbox/", "research.director", grows=False),
    ListScreen("/oversight/looks/", "research.auditor", grows=False),
    ListScreen("/oversight/policy/?topic=all", "works.head", grows=False),
    ListScreen("/oversight/policy/versions/", "research.director", grows=False),
    ListScreen("/oversight/policy/compare/", "research.director", grows=False),
    ListScreen("/oversight/policy/changes/", "research.director", grows=False),
    ListScreen("/api/v1/cases", API),
    ListScreen("/api/v1/cases?q=路燈", API),
)


@pytest.fixture
def city(db: None) -> Iterator[None]:
    from citycall.base import policies
    from citycall.rehearsal import sample

    policies.refresh()
    sample.load_sample(cases=False)
    yield
    policies.refresh()


def grow(first: int, last: int) -> None:
    """Cases in several states, each with an application, a photo-less note and a ringing call beside it."""
    from citycall.base.commands import SYSTEM
    from citycall.people.queries import actor_for_post
    from citycall.services.calls import commands as calls
    from citycall.services.cases.commands import handling, stages, tasks
    from citycall.services.cases.commands.establish import establish
    from citycall.services.cases.models import Case

    operator = actor_for_post("call_centre.operator2")
    window, handler = actor_for_post("works.intake_window"), actor_for_post("works.handler1")
    for n in range(first, last):
        given = {
            "item": "streetlight",
            "description": f"路燈不亮 {n}",
            "place": {"address": ADDRESS.format(n)},
            "reporter": {"name": "王小明", "phone": f"09{n:08}"},
        }
        made = establish(operator, given)
        flag = {"case": made.case, "task": "delivery_problem", "note": f"通知未送達 {n}"}
        tasks.open_task(operator, flag)
        if n % 2:
            handling.acknowledge(window, {"case": made.case})
            handling.take(handler, {"case": made.case})
            ask = {"case": made.case, "to": "second", "days": 7, "reason": "須開挖"}
            stages.request_stage(handler, ask)
        calls.offer(SYSTEM, {"phone": f"09{n:08}"})
    Case.objects.filter(stage_requests__isnull=True).update(overdue=True)


def asker(screen: ListScreen) -> Callable[[], Any]:
    from citycall.people.models import Staff

    client = Client()
    headers = {"HX-Request": "true"} if screen.htmx else {}
    if screen.username == API:
        headers["Authorization"] = f"Bearer {token()}"
    else:
        staff = Staff.objects.get(username=screen.username)
        client.force_login(staff, backend="citycall.people.backends.StaffBackend")
    return lambda: client.get(screen.address, headers=headers)


def token() -> str:
    from citycall.people import queries
    from citycall.people.commands.tokens import create_token
    from citycall.people.queries import actor_for_post

    made = create_token(actor_for_post("call_centre.admin"), {"name": "guard", "post": "works.intake_window"})
    queries.forget_tokens()
    return str(made.token)


def queries_of(ask: Callable[[], Any]) -> int:
    """How often one look asks the database; what is remembered for a second may be asked for or not."""
    counts = []
    for _ in range(4):
        with CaptureQueriesContext(connection) as asked:
            answer = ask()
        assert answer.status_code == 200, answer.content.decode()[:500]
        counts.append(len(asked))
    return min(counts)


@pytest.mark.parametrize("screen", LISTS, ids=lambda one: f"{one.address} {one.username}")
def test_queries_do_not_grow_with_rows(city: None, screen: ListScreen) -> None:
    ask = asker(screen)
    grow(1, 4)
    few, short = queries_of(ask), len(ask().content)
    grow(4, 14)
    many, long = queries_of(ask), len(ask().content)
    assert few == many
    assert many <= MOST
    if screen.grows:
        assert long > short, "the rows that the test made do not stand on this screen"
