"""What rules speak of, as people call it in both languages: instants, events, recipients, channels."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays

from citycall.policy.text import Text

_WEEKDAYS = "一二三四五六日"

EVENTS = {
    "case.established": Text(zh="成案", en="the case was established"),
    "case.acknowledged": Text(zh="簽收", en="the case was signed for"),
    "case.registered": Text(zh="分文掛號", en="the case was registered"),
    "case.passed_down": Text(zh="轉分下級機關", en="the case was passed to a subordinate agency"),
    "case.stage_changed": Text(zh="改列期限", en="the limit was changed"),
    "case.graded_b": Text(zh="列為B等級", en="the case was graded B"),
    "case.completed": Text(zh="辦畢", en="the work was done"),
    "case.submitted": Text(zh="送核", en="the result was submitted for approval"),
    "case.approved": Text(zh="核定", en="the result was approved"),
    "case.returned": Text(zh="退回", en="the result was returned"),
    "case.reported_back": Text(zh="回報", en="the work was reported back"),
    "case.reopened": Text(zh="重啟", en="the case was reopened"),
    "case.replied": Text(zh="回復民眾", en="the citizen was told"),
    "case.repeat_called": Text(zh="重覆進線聯繫", en="the repeat call was passed on"),
    "case.released": Text(zh="解除列管", en="the case was released"),
    "case.reassigned": Text(zh="改分", en="the case was reassigned"),
    "case.joined": Text(zh="加分或併會", en="further agencies joined"),
    "case.all_joined": Text(zh="加入機關均已填報", en="all joined agencies answered"),
    "case.extended": Text(zh="展延期限", en="the limit was extended"),
    "case.closed": Text(zh="結案", en="the case was closed"),
    "case.followed_up": Text(zh="追蹤府外機關", en="the outside authority was followed up"),
    "case.outcome_recorded": Text(zh="登錄府外機關辦理情形", en="the outcome was recorded"),
}
FACTS = {
    "notified_at": Text(zh="電話通知", en="the telephone notice"),
    "received": Text(zh="收案", en="the receipt of the case"),
}
RECIPIENTS = {
    "reporter": Text(zh="民眾", en="the citizen"),
    "operator": Text(zh="話務人員", en="the operators"),
    "lead": Text(zh="話務中心主管", en="the head of the call centre"),
    "window": Text(zh="話務聯繫窗口", en="the contact window"),
    "intake_window": Text(zh="受理窗口", en="the intake window"),
    "handler": Text(zh="承辦人", en="the handler"),
    "approver": Text(zh="核定主管", en="who approves the result"),
    "section_chief": Text(zh="業務主管", en="the section chief"),
    "supervisor": Text(zh="督導主管", en="the supervisor"),
    "evaluator": Text(zh="研考人員", en="the evaluation officer"),
    "head": Text(zh="機關首長", en="the head of the agency"),
    "director": Text(zh="研考主管", en="the director"),
    "allotter": Text(zh="收分文人員", en="the intake clerk"),
    "secretary_general": Text(zh="秘書長", en="the secretary-general"),
    "mayor": Text(zh="市長", en="the mayor"),
    "duty_officer": Text(zh="值日人員", en="the duty officer"),
}
CHANNELS = {
    "email": Text(zh="電子郵件", en="e-mail"),
    "sms": Text(zh="簡訊", en="SMS"),
    "egov": Text(zh="e公務訊息", en="e-government message"),
    "screen": Text(zh="畫面通知", en="a notice on the screen"),
    "contact": Text(zh="留下的聯絡方式", en="the contact that was left"),
    "chosen": Text(zh="選擇的方式", en="the way that was chosen"),
}
COUNTING = {
    "minutes": Text(zh="日夜連續計算", en="counted day and night"),
    "hours": Text(zh="日夜連續計算", en="counted day and night"),
    "days": Text(zh="以日曆天計，起算日不計", en="in calendar days, the first day not counted"),
    "working_days": Text(zh="以工作日計，起算日不計", en="in working days, the first day not counted"),
    "working_hours": Text(zh="只計上班時間", en="counted in office hours only"),
}


def word(table: dict[str, Text], code: str) -> Text:
    """What a code is called; the code itself where it has no name here."""
    return table.get(code) or Text(zh=code, en=code)


def listed(words: list[Text]) -> Text:
    """Several words in a row: 甲、乙; one and another."""
    en = [one.en for one in words]
    joined = en[0] if len(en) == 1 else f"{', '.join(en[:-1])} and {en[-1]}" if en else ""
    return Text(zh="、".join(one.zh for one in words), en=joined)


def day_words(day: date) -> Text:
    """2026年3月2日（一）; Monday 2 March 2026."""
    return Text(
        zh=f"{day.year}年{day.month}月{day.day}日（{_WEEKDAYS[day.weekday()]}）",
        en=f"{day:%A} {day.day} {day:%B} {day.year}",
    )


def instant_words(local: datetime, *, end: bool = False) -> Text:
    """A local instant to the minute; `end`: midnight is the end of the day before (24:00)."""
    if end and local.time() == time() and local.date() > date.min:
        day, at = local.date() - timedelta(days=1), "24:00"
    else:
        day, at = local.date(), f"{local:%H:%M}" if local.second == 0 else f"{local:%H:%M:%S}"
    said = day_words(day)
    return Text(zh=f"{said.zh}{at}", en=f"{said.en}, {at}")


@lru_cache(maxsize=128)
def _named(country: str, year: int, lang: str) -> dict[date, str]:
    try:
        return dict(holidays.country_holidays(country, years=year, language=lang))
    except NotImplementedError:
        return {}


def holiday_name(country: str, day: date) -> Text | None:
    """What an official day off is called; None for a day that is none."""
    zh, en = (_named(country, day.year, lang).get(day) for lang in ("zh_TW", "en_US"))
    return None if zh is None and en is None else Text(zh=zh or en or "", en=en or zh or "")
