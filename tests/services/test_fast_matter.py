"""One fast-service matter through the commands, with its clocks, notices and events."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

pytestmark = pytest.mark.django_db(transaction=True)

HERE = ZoneInfo("Asia/Taipei")
LAMP: dict[str, Any] = {
    "kind": "fast",
    "item": "streetlight",
    "description": "路燈不亮",
    "place": {"address": "新北市板橋區中山路一段161號"},
    "reporter": {"name": "王小明", "phone": "0912345678"},
    "reply_by": "sms",
}


@pytest.fixture
def world() -> Iterator[Any]:
    """The sample government on a virtual clock; what falls due happens when time is moved."""
    from citycall.base import clock, policies
    from citycall.rehearsal import sample
    from citycall.rehearsal.timeline import Timeline

    policies.refresh()
    sample.load_sample("newtaipei", cases=False)
    timeline = Timeline(datetime(2026, 3, 2, 10, 0, tzinfo=HERE))
    yield timeline
    clock.clear_virtual()
    policies.refresh()


def as_post(code: str) -> Any:
    from citycall.people.queries import actor_for_post

    return actor_for_post(code)


def test_from_the_ring_to_the_close(world: Any) -> None:
    from citycall.base import events
    from citycall.base.notices import Notice
    from citycall.services.cases import commands
    from citycall.services.cases.models import Case, CaseClock

    made = commands.establish.establish(as_post("call_centre.operator1"), LAMP)
    assert made.agency == "works"
    assert not made.tell_number
    world.work()
    sent = Notice.objects.filter(about_id=made.case, state="sent").values_list("template", "channel")
    assert set(sent) == {("fast.established", "email"), ("fast.established_citizen", "sms")}

    world.move(world.now + timedelta(minutes=5))
    signed = commands.handling.acknowledge(as_post("works.intake_window"), {"case": made.case})
    assert not signed.late
    commands.handling.take(as_post("works.handler1"), {"case": made.case})
    commands.handling.complete(
        as_post("works.handler1"),
        {"case": made.case, "finding": "resolved", "result": "已更換燈泡。"},
    )
    assert Case.objects.get(pk=made.case).status == "completed"
    world.work()
    case = Case.objects.get(pk=made.case)
    assert case.status == "closed"
    assert events.differences(case) == {}
    assert not CaseClock.objects.filter(case=case, state="running").exists()
    body = Notice.objects.get(about_id=made.case, template="fast.completed_citizen").body
    assert "已辦理完畢" in body
    assert made.number in body
