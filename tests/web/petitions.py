"""A petition, and what is typed for an urgent report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.web.sample import run

REPORT: dict[str, Any] = {
    "key": "one-report",
    "filed_as": "report",
    "item": "",
    "agency": "works",
    "notified_person": "值班張先生",
    "notified_at": "2026-03-02T09:58",
    "address": "",
    "description": "擋土牆龜裂",
    "name": "王小明",
    "phone": "0912345678",
    "reply_by": "phone",
}


def cases() -> Any:
    from citycall.services.cases.models import Case

    return Case.objects


def wait(minutes: int) -> None:
    from citycall.base import clock

    clock.set_virtual(clock.now() + timedelta(minutes=minutes))


def petition(**more: Any) -> Any:
    given = {
        "kind": "petition",
        "agency": "works",
        "category": "rights",
        "description": "人行道停放機車",
        "reporter": {"name": "王小明", "phone": "0912345678"},
        "reply_by": "none",
        **more,
    }
    made = run("cases.establish", "call_centre.operator1", **given)
    return cases().get(pk=made.case)


BY_LETTER = {
    "filed_as": "petition",
    "agency": "works",
    "category": "rights",
    "description": "建議增設人行道",
    "name": "王小明",
    "phone": "",
    "email": "",
    "reporter_address": "臺北市信義區市府路1號",
    "reply_by": "letter",
    "channel": "letter",
}
