"""What the random lives enter: a value for each field of an act's input, by its name, mostly one that fits.

A field that is new to the room has no value here, and a guard says so: `test_every_field_has_a_value`.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args, get_origin

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

WORDS = ("現場勘查後已處理。", "須開挖路面，請同意。", "民眾再次來電詢問。")
Value = Callable[["Entry"], Any]


@dataclass
class Entry:
    """What is entered: by whom, about which case, when; `dice` throws for it."""

    dice: random.Random
    actor: Any
    case: Any
    pack: Any
    now: datetime
    others: list[int]
    agencies: list[str]

    @property
    def kind(self) -> Any:
        return self.pack.kinds[self.case.kind]

    def one(self, *values: Any) -> Any:
        return self.dice.choice(values)

    def of(self, codes: Any) -> Any:
        """One of these codes, now and then one that nobody knows."""
        known = [*codes]
        return self.dice.choice(known) if known and self.dice.random() < 0.9 else "nonsense"

    def seldom(self, value: Any, otherwise: Any) -> Any:
        return value if self.dice.random() < 0.15 else otherwise


def photo() -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (4, 4), "grey").save(content, "PNG")
    return SimpleUploadedFile("現場.png", content.getvalue(), "image/png")


def words(entry: Entry) -> str:
    return str(entry.dice.choice(WORDS))


def may_be_empty(entry: Entry) -> str:
    return str(entry.seldom("", words(entry)))


def recently(entry: Entry) -> Any:
    return entry.now - timedelta(minutes=entry.one(0, 0, 0, 1, 60 * 24 * 40))


def today(entry: Entry) -> Any:
    from citycall.base import clock

    return clock.local(entry.now).date()


def ahead(entry: Entry) -> Any:
    return today(entry) + timedelta(days=entry.one(1, 2, 5, 14, 400, -3))


def other_case(entry: Entry) -> int:
    return int(entry.one(*(entry.others or [entry.case.pk]), entry.case.pk))


def waiting_request(entry: Entry) -> int:
    from citycall.services.cases.models import CaseRequest

    known = CaseRequest.objects.filter(case=entry.case).order_by("-id").values_list("pk", flat=True)[:3]
    return int(entry.dice.choice(list(known) or [1]))


def some_task(entry: Entry) -> str:
    from citycall.services.cases.models import CaseTask

    owed = [
        one.code
        for one in CaseTask.objects.filter(case=entry.case, state="open").order_by("id")
        if entry.actor.holds(*entry.pack.task(one.code).roles, agency=one.agency)
    ]
    rules = [rule.code for rule in entry.pack.tasks if entry.case.kind in rule.kinds]
    return str(entry.of([*owed * 4, *rules]))


def request_rule(entry: Entry) -> str:
    rules = [rule for rule in entry.pack.requests if entry.case.kind in rule.kinds]
    theirs = [rule.code for rule in rules if entry.actor.holds(*rule.asked_by)]
    return str(entry.of(theirs or [rule.code for rule in rules]))


def some_ground(entry: Entry) -> Any:
    release = entry.kind.release
    known = [choice.code for choice in release.grounds] if release else []
    for rule in entry.pack.requests:
        known += [choice.code for choice in getattr(rule, "grounds", ())]
    known += [choice.code for choice in getattr(getattr(entry.kind, "unprocessed", None), "grounds", ())]
    return entry.seldom(None, entry.of(known))


def some_reason(entry: Entry) -> str:
    return words(entry)


def agency(entry: Entry) -> str:
    return str(entry.of(entry.agencies))


# A field's value by its name; by act and name where one name means several things.
BY_NAME: dict[str, Value] = {
    "agencies": lambda entry: tuple(
        entry.dice.sample(entry.agencies, min(len(entry.agencies), entry.one(1, 1, 2)))
    ),
    "agency": agency,
    "application": lambda entry: "115申字第1號",
    "at": recently,
    "attempt": may_be_empty,
    "attempt_at": recently,
    "authority": lambda entry: entry.seldom("", "台灣電力公司"),
    "call_id": lambda entry: None,
    "callee": lambda entry: entry.seldom("", "本人"),
    "caption": lambda entry: "修復後",
    "case_request": waiting_request,
    "category": lambda entry: entry.of([one.code for one in entry.kind.categories]),
    "cause": lambda entry: entry.of([one.code for one in entry.kind.delay_causes]),
    "code": lambda entry: entry.seldom("wrong", entry.case.lookup_code),
    "consent_date": today,
    "consent_level": lambda entry: entry.one("section_chief", "head", None),
    "consent_person": lambda entry: "陳科長",
    "content": may_be_empty,
    "course": may_be_empty,
    "date": today,
    "days": lambda entry: entry.one(None, 1, 2, 3, 15),
    "document_number": lambda entry: entry.seldom(None, "府工字第1150000001號"),
    "done_at": lambda entry: entry.seldom(recently(entry), None),
    "earlier": other_case,
    "finding": lambda entry: entry.of([one.code for one in entry.kind.findings]),
    "grade": lambda entry: entry.one("A", "B", None),
    "ground": some_ground,
    "handler_name": lambda entry: entry.seldom(None, "林承辦"),
    "handler_phone": lambda entry: entry.seldom(None, "02-29603456"),
    "interim_result": may_be_empty,
    "into": other_case,
    "late_reason": may_be_empty,
    "memo": lambda entry: entry.seldom((photo(),), ()),
    "next_on": ahead,
    "no_contact": lambda entry: entry.one("", "多次撥打無人接聽。"),
    "note": words,
    "on": today,
    "police_unit": lambda entry: entry.seldom("", "板橋分局"),
    "purpose": words,
    "referred_on": today,
    "person": lambda entry: entry.seldom("", "值班張先生"),
    "phone": lambda entry: entry.one("0912345678", "0912345678", "0933555666", ""),
    "place": may_be_empty,
    "planned_end": ahead,
    "post": lambda entry: entry.one("handler1", "handler1", "head", "nobody"),
    "prevention": lambda entry: entry.seldom("加強巡查。", ""),
    "reason": words,
    "reference": lambda entry: "府工字第1150000001號",
    "reply_date": today,
    "result": may_be_empty,
    "rule": request_rule,
    "task": some_task,
    "text": words,
    "title": lambda entry: "回復路燈案",
    "until": ahead,
    "uploads": lambda entry: (photo(),),
    "way": lambda entry: entry.one(None, "letter", "phone", "email", "sms", "visit"),
    "way_reason": may_be_empty,
}
BY_ACT: dict[tuple[str, str], Value] = {
    ("withdraw", "reason"): lambda entry: entry.of([one.code for one in entry.kind.withdraw_reasons]),
    ("convert", "agency"): agency,
}


def value_of(code: str, name: str, annotation: Any) -> Value | None:
    """How a value is found for a field; None where nobody has said."""
    if name == "seen":
        return lambda entry: None
    found = BY_ACT.get((code, name)) or BY_NAME.get(name)
    if found is not None:
        return found
    if annotation is bool:
        return lambda entry: entry.one(True, True, False)
    if get_origin(annotation) is Literal:
        return lambda entry: entry.one(*get_args(annotation))
    return None


def enter(code: str, model: Any, entry: Entry) -> dict[str, Any]:
    """What is entered for an act."""
    given: dict[str, Any] = {"case": entry.case.pk}
    for name, field in model.model_fields.items():
        value = value_of(code, name, field.annotation)
        if name != "case" and value is not None:
            made = value(entry)
            if made is not None:
                given[name] = made
    return given
