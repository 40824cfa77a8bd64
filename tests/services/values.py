"""What the random lives enter: a value for each field of an act's input, by its name, mostly one that fits.

A field that is new to the room has no value here, and a guard says so: `test_every_field_has_a_value`.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, get_args, get_origin

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

WORDS = ("現場勘查後已處理。", "須開挖路面，請同意。", "民眾再次來電詢問。")
WAYS = ("letter", "phone", "email", "sms", "visit")
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
    careful: bool = False  # only what fits
    wishes: tuple[str, ...] = ()  # what a request is to lead to
    given: dict[str, Any] = field(default_factory=dict)  # what was entered before this field

    @property
    def kind(self) -> Any:
        return self.pack.kinds[self.case.kind]

    def one(self, *values: Any) -> Any:
        return self.dice.choice(values)

    def of(self, codes: Any) -> Any:
        """One of these codes, now and then one that nobody knows."""
        known = [*codes]
        fits = self.careful or self.dice.random() < 0.9
        return self.dice.choice(known) if known and fits else "nonsense"

    def seldom(self, value: Any, otherwise: Any) -> Any:
        return value if not self.careful and self.dice.random() < 0.15 else otherwise

    def rule(self) -> Any:
        """The request rule that was chosen."""
        wanted = self.given.get("rule")
        return next((one for one in self.pack.requests if one.code == wanted), None)


@cache
def _picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (4, 4), "grey").save(content, "PNG")
    return content.getvalue()


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("現場.png", _picture(), "image/png")


def words(entry: Entry) -> str:
    return str(entry.dice.choice(WORDS))


def may_be_empty(entry: Entry) -> str:
    return str(entry.seldom("", words(entry)))


def recently(entry: Entry) -> Any:
    return entry.now - timedelta(minutes=0 if entry.careful else entry.one(0, 0, 0, 1, 60 * 24 * 40))


def today(entry: Entry) -> Any:
    from citycall.base import clock

    return clock.local(entry.now).date()


def ahead(entry: Entry) -> Any:
    """A day to come; of an extension, beyond the limit that it moves."""
    start = today(entry)
    if entry.rule() is not None and entry.case.due_at is not None:
        start = entry.case.due_at.date()
    return start + timedelta(days=entry.one(1, 2, 5, 14, *(() if entry.careful else (400, -3))))


def other_case(entry: Entry) -> int:
    return int(entry.one(*(entry.others or [entry.case.pk]), *(() if entry.careful else [entry.case.pk])))


def waiting_request(entry: Entry) -> int:
    """Rather one that waits for this person."""
    from citycall.services.cases import requests
    from citycall.services.cases.models import CaseRequest

    known = list(CaseRequest.objects.filter(case=entry.case).order_by("-id")[:4])
    theirs = []
    for one in known:
        rule = requests.rule_of(entry.pack, entry.case, one.code)
        if one.state == "pending" and rule is not None and requests.may_decide(entry.actor, rule, one):
            theirs.append(one)
    pending = [one for one in known if one.state == "pending"]
    if not entry.careful and entry.dice.random() < 0.2:
        theirs = pending = []
    return int(entry.dice.choice([one.pk for one in theirs or pending or known] or [1]))


def waiting_dispute(entry: Entry) -> int:
    """One of those in which an agency of this person is a party."""
    from citycall.services.cases.models import CasePosition

    own = [post.agency for post in entry.actor.posts]
    found = CasePosition.objects.filter(request__case=entry.case, agency__in=own).order_by("-id")
    return int(entry.dice.choice([*found.values_list("request", flat=True)[:2]] or [waiting_request(entry)]))


def some_task(entry: Entry) -> str:
    """Rather one that this person owes."""
    from citycall.services.cases.models import CaseTask

    rules = {rule.code: rule for rule in entry.pack.tasks if entry.case.kind in rule.kinds}
    owed = [
        one.code
        for one in CaseTask.objects.filter(case=entry.case, state="open").order_by("id")
        if one.code in rules
        and not rules[one.code].done_by
        and entry.actor.holds(*rules[one.code].roles, agency=one.agency)
    ]
    return str(entry.of(owed if owed and (entry.careful or entry.dice.random() < 0.8) else rules))


def task_to_open(entry: Entry) -> str:
    rules = [rule for rule in entry.pack.tasks if entry.case.kind in rule.kinds]
    theirs = [rule.code for rule in rules if rule.opened_by and entry.actor.holds(*rule.opened_by)]
    return str(entry.of(theirs or [rule.code for rule in rules]))


def request_rule(entry: Entry) -> str:
    """Rather one that this person may ask for, and that leads to what is wished."""
    rules = [rule for rule in entry.pack.requests if entry.case.kind in rule.kinds]
    theirs = [rule for rule in rules if entry.actor.holds(*rule.asked_by)]
    wished = [rule for rule in theirs if rule.effect in entry.wishes]
    return str(entry.of([rule.code for rule in wished or theirs or rules]))


def some_ground(entry: Entry) -> Any:
    """Of the request that was chosen, or of what the kind knows."""
    rule = entry.rule()
    if rule is not None:
        opening = [one.code for one in rule.grounds if one.opens in entry.wishes]
        return (
            entry.seldom(None, entry.of(opening or [one.code for one in rule.grounds]))
            if rule.grounds
            else None
        )
    known = [choice.code for choice in entry.kind.release.grounds] if entry.kind.release else []
    known += [choice.code for choice in getattr(getattr(entry.kind, "unprocessed", None), "grounds", ())]
    return entry.seldom(None, entry.of(known)) if known else None


def consent_level(entry: Entry) -> Any:
    rule = entry.rule()
    return entry.of([one.code for one in rule.consents]) if rule is not None and rule.consents else None


def some_reason(entry: Entry) -> str:
    return words(entry)


def agency(entry: Entry) -> str:
    """Rather another than has the case."""
    others = [code for code in entry.agencies if code != entry.case.agency]
    return str(entry.seldom(entry.case.agency, entry.of(others or entry.agencies)))


def agencies(entry: Entry) -> tuple[str, ...]:
    others = [code for code in entry.agencies if code != entry.case.agency]
    rule = entry.rule()
    if rule is not None and rule.effect == "dispute":
        return (entry.case.agency, entry.dice.choice(others))
    return tuple(entry.dice.sample(others, min(len(others), entry.one(1, 1, 2))))


def agency_below(entry: Entry) -> str:
    """Rather one under the agency that has the case."""
    from citycall.people.queries import subordinates

    below = [one if isinstance(one, str) else one.code for one in subordinates(entry.case.agency)]
    return str(entry.of(below or entry.agencies))


def post(entry: Entry) -> str:
    """Rather one of the case's agency who works on cases."""
    from citycall.people.models import Post
    from citycall.services.cases.commands.handling import WORKERS

    known = Post.objects.filter(agency=entry.case.agency, role__in=WORKERS, active=True).order_by("code")
    return str(entry.seldom(entry.one("head", "nobody"), entry.of(known.values_list("code", flat=True))))


def withdrawal(entry: Entry) -> str:
    """Rather that it was reported in another's name, where that is wished."""
    reasons = entry.kind.withdraw_reasons
    false = [one.code for one in reasons if one.incident and "false" in entry.wishes]
    return str(entry.of(false or [one.code for one in reasons]))


def becoming(entry: Entry) -> list[str]:
    """The categories of the kind as which a released case is recorded anew."""
    release = entry.kind.release
    kind = entry.pack.kinds[release.becomes] if release is not None and release.becomes else entry.kind
    return [one.code for one in kind.categories]


def unless_incomplete(value: str) -> Value:
    """Left out where a reply is wished that still lacks something."""
    return lambda entry: "" if "incomplete" in entry.wishes else entry.seldom(None, value)


def grade(entry: Entry) -> Any:
    """Of a written reply; none where its kind knows none."""
    known = [one.code for one in entry.kind.writing.grades] if entry.kind.writing else []
    return entry.of(known) if known else entry.seldom("A", None)


def way(entry: Entry) -> Any:
    known = entry.kind.writing.ways if entry.kind.writing else WAYS
    wished = [one for one in known if one in entry.wishes]
    return entry.of(wished or known)


def joined_finding(entry: Entry) -> str:
    """Of an agency that owes a result; none where it owes its words."""
    from citycall.services.cases import requests
    from citycall.services.cases.models import CaseJoin

    own = [post.agency for post in entry.actor.posts]
    join = CaseJoin.objects.filter(case=entry.case, agency__in=own).order_by("state", "id").last()
    known = requests.joined_findings(entry.pack, entry.case, join) if join is not None else []
    return str(entry.of([one.code for one in known])) if known else str(entry.seldom("resolved", ""))


def finding(entry: Entry) -> str:
    known = [one.code for one in entry.kind.findings]
    return str(entry.of([one for one in known if one in entry.wishes] or known))


# A field's value by its name; by act and name where one name means several things.
BY_NAME: dict[str, Value] = {
    "agencies": agencies,
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
    "consent_level": consent_level,
    "consent_person": lambda entry: "陳科長",
    "content": may_be_empty,
    "course": may_be_empty,
    "date": today,
    "days": lambda entry: entry.one(None, 1, 2, 3, 15),
    "document_number": lambda entry: entry.seldom(None, "府工字第1150000001號"),
    "done_at": lambda entry: entry.seldom(recently(entry), None),
    "earlier": other_case,
    "finding": finding,
    "grade": grade,
    "ground": some_ground,
    "handler_name": lambda entry: entry.seldom(None, "林承辦"),
    "handler_phone": lambda entry: entry.seldom(None, "02-29603456"),
    "interim_result": may_be_empty,
    "into": other_case,
    "late_reason": may_be_empty,
    "memo": lambda entry: (photo(),) if entry.careful else entry.seldom((photo(),), ()),
    "reached": lambda entry: "unreached" not in entry.wishes and entry.one(True, True, entry.careful),
    "next_on": ahead,
    "no_reply": lambda entry: entry.one("", "民眾表示不需回覆。"),
    "no_contact": lambda entry: entry.one(*(() if entry.careful else ("",)), "多次撥打無人接聽。"),
    "note": words,
    "on": today,
    "police_unit": lambda entry: entry.seldom("", "板橋分局"),
    "purpose": words,
    "referred_on": today,
    "person": lambda entry: entry.seldom("", "值班張先生"),
    "phone": lambda entry: entry.one("0912345678", "0912345678", "0933555666", "0229603456", ""),
    "place": may_be_empty,
    "planned_end": ahead,
    "post": post,
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
    "way": way,
    "way_reason": may_be_empty,
}
BY_ACT: dict[tuple[str, str], Value] = {
    ("withdraw", "reason"): withdrawal,
    ("withdraw", "phone"): lambda entry: entry.one(
        "0912345678", *(() if entry.careful else ("", "0229603456"))
    ),
    ("convert", "agency"): agency,
    ("convert", "category"): lambda entry: entry.of(becoming(entry)),
    ("draft_reply", "document_number"): unless_incomplete("府工字第1150000001號"),
    ("draft_reply", "handler_phone"): unless_incomplete("02-29603456"),
    ("draft_reply", "content"): unless_incomplete(WORDS[0]),
    ("answer_join", "finding"): joined_finding,
    ("open_task", "task"): task_to_open,
    ("state_position", "case_request"): waiting_dispute,
    ("make_request", "authority"): lambda entry: entry.seldom("台灣電力公司", ""),
    ("decide_request", "authority"): lambda entry: entry.seldom("台灣電力公司", ""),
    ("pass_down", "agency"): agency_below,
    ("record_reply", "way"): lambda entry: entry.of(entry.kind.reply.by_hand),
}


def value_of(code: str, name: str, annotation: Any) -> Value | None:
    """How a value is found for a field; None where nobody has said."""
    if name == "seen":
        return lambda entry: None
    found = BY_ACT.get((code, name)) or BY_NAME.get(name)
    if found is not None:
        return found
    if annotation is bool:
        return lambda entry: entry.careful or entry.one(True, True, False)
    if get_origin(annotation) is Literal:
        return lambda entry: entry.one(*get_args(annotation))
    return None


def enter(code: str, model: Any, entry: Entry) -> dict[str, Any]:
    """What is entered for an act."""
    given = entry.given
    given["case"] = entry.case.pk
    for name, asked in model.model_fields.items():
        value = value_of(code, name, asked.annotation)
        if name != "case" and value is not None:
            made = value(entry)
            if made is not None:
                given[name] = made
    return given
