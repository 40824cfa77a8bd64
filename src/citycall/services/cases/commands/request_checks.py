"""What a request and a decision on it must hold, as the pack's rule asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from citycall.base import clock
from citycall.base.closures import calendar_of
from citycall.base.commands import Refused
from citycall.people.queries import agencies_with, left_address
from citycall.policy import Pack
from citycall.policy.requests import Asked, Ground, RequestRule
from citycall.services.cases import requests
from citycall.services.cases.commands.naming import TAKES_CASES
from citycall.services.cases.lifecycle import pack_for
from citycall.services.cases.models import Case, CaseJoin, CaseRequest

if TYPE_CHECKING:
    from citycall.services.cases.commands.requests import DecideRequest, MakeRequest

Fields = dict[str, str]


def check_request(pack: Pack, rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> None:
    """``invalid``, naming every field that is missing or wrong (TP-5-3-1b, TP-5-3-2b, TP-6-6-1 to 6-6-5)."""
    ground = _ground(rule, data)
    fields: Fields = {}
    for part in rule.asked(ground):
        fields |= _ASKED[part](rule, case, data, now)
    for name in ("agency", "agencies"):
        if name not in fields and (wrong := _unfit(rule, case, _named(getattr(data, name)))):
            fields[name] = wrong
    if data.until is not None and "until" not in fields:
        fields |= _until(rule, case, data, now)
    if fields:
        raise Refused("invalid", _("申請尚缺應記載事項。"), fields=fields, status=422)


def _ground(rule: RequestRule, data: MakeRequest) -> Ground | None:
    if not rule.grounds:
        return None
    ground = rule.ground(data.ground or "")
    if ground is None:
        message = _("請從清單中選擇事由。")
        raise Refused("invalid", message, fields={"ground": message}, status=422)
    return ground


def _named(value: str | tuple[str, ...] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _unfit(rule: RequestRule, case: Case, agencies: list[str]) -> str:
    """Why one of these agencies cannot be the one that is meant; empty where all can."""
    known = {agency.code for agency in agencies_with(TAKES_CASES)} if agencies else set()
    if any(code not in known for code in agencies):
        return _("沒有這個機關，或這個機關不受理案件。")
    if rule.effect in ("reassign", "join", "release") and case.agency in agencies:
        return _("案件現在就是這個機關的，請選擇其他機關。")
    if rule.effect == "join":
        there = CaseJoin.objects.filter(case=case, agency__in=agencies).exclude(state=CaseJoin.State.ENDED)
        if there.exists():
            return _("這個機關已經加分在案。")
    return ""


def _agency(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    """The competent agency; what leaves tracking may be an outside authority's (TP-6-6-1, TP-6-7b)."""
    if data.agency or (data.authority and rule.effect == "release"):
        return {}
    return {"agency": _("請選擇應屬權責的機關。")}


def _agencies(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    return {} if data.agencies else {"agencies": _("請選擇相關機關。")}


def _place(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    return {} if data.place else {"place": _("請填寫地點。")}


def _attempt(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    """Where the caller could be asked, it must have been tried (TP-6-6-3); an address will do (TP-6-2a)."""
    if not (case.has_phone or case.has_email or left_address(case.party_id)):
        return {}
    fields: Fields = {}
    if not data.attempt:
        fields["attempt"] = _("民眾留有聯絡方式，請先聯繫並填寫聯繫情形。")
    if data.attempt_at is None:
        fields["attempt_at"] = _("請填寫聯繫時間。")
    elif not case.established_at <= data.attempt_at <= now:
        fields["attempt_at"] = _("時間必須在成案之後、現在之前。")
    return fields


def _consent(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    fields: Fields = {}
    if data.consent_level not in {level.code for level in rule.consents}:
        fields["consent_level"] = _("請選擇同意的層級。")
    if not data.consent_person:
        fields["consent_person"] = _("請填寫同意人員。")
    first, today = clock.local(requests.received(case)).date(), clock.local(now).date()
    if data.consent_date is None:
        fields["consent_date"] = _("請填寫同意日期。")
    elif not first <= data.consent_date <= today:
        fields["consent_date"] = _("同意日期必須在收案當日之後、今日之前。")
    return fields


def _memo(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    return {} if data.memo else {"memo": _("請附上簽陳。")}


def _until(rule: RequestRule, case: Case, data: MakeRequest, now: datetime) -> Fields:
    if data.until is None:
        return {"until": _("請填寫展延後的期限。")}
    wrong = _bad_day(rule, case, data.until, now)
    return {"until": wrong} if wrong else {}


_ASKED: dict[Asked, Callable[[RequestRule, Case, MakeRequest, datetime], Fields]] = {
    "agency": _agency,
    "agencies": _agencies,
    "place": _place,
    "attempt": _attempt,
    "consent": _consent,
    "memo": _memo,
    "until": _until,
}


def last_day(rule: RequestRule, case: Case, now: datetime) -> date | None:
    """The last day to which the limit may be moved; None where the rule sets none."""
    if rule.most is None:
        return None
    calendar = calendar_of(pack_for(case), case.district, case.agency)
    return clock.due_parts(rule.most.after(case.due_at or now, calendar))[0]


def _bad_day(rule: RequestRule, case: Case, day: date, now: datetime) -> str:
    first = clock.local(max(now, case.due_at or now)).date()
    last = last_day(rule, case, now)
    if day <= first:
        return _("展延後的期限必須晚於原期限。")
    if last is not None and day > last:
        return _("最遲展延至 %(day)s。") % {"day": last.isoformat()}
    return ""


def latest_until(rule: RequestRule, case: Case, day: date | None, now: datetime) -> None:
    """``invalid`` where the day that would be granted is none that may be."""
    wrong = _bad_day(rule, case, day, now) if day is not None else _("請填寫展延後的期限。")
    if wrong:
        raise Refused("invalid", wrong, fields={"until": wrong}, status=422)


def check_decision(rule: RequestRule, case: Case, request: CaseRequest, data: DecideRequest) -> list[str]:
    """The agencies that consent means: those named now, else those proposed; ``invalid`` where none fits."""
    if not data.approve:
        if rule.effect == "dispute":
            message = _("爭議須裁示由何機關負責。")
            raise Refused("invalid", message, fields={"approve": message}, status=422)
        return []
    one = rule.effect in ("reassign", "dispute", "release")
    named = _named(data.agency) if one else _named(data.agencies)
    field = "agency" if one else "agencies"
    if data.authority and (named or rule.effect != "release"):
        message = _("府外權責機關只在非屬本府其他機關權責而解除列管時填寫。")
        raise Refused("invalid", message, fields={"authority": message}, status=422)
    if not named and not data.authority and rule.effect != "dispute":
        named = list(request.proposed)
    if rule.effect in ("reassign", "join", "dispute") and not named:
        message = _("請選擇機關。")
        raise Refused("invalid", message, fields={field: message}, status=422)
    wrong = _unfit(rule, case, named)
    if wrong:
        raise Refused("invalid", wrong, fields={field: wrong}, status=422)
    return named
