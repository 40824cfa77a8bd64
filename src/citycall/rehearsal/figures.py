"""What a replay came to: counted from the rows that the commands, the sweep and the sender wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.translation import gettext as _

from citycall.base import audit, clock
from citycall.policy import Pack

if TYPE_CHECKING:
    from citycall.rehearsal.replay import Tally


@dataclass
class Figures:
    """Late and overdue count only cases whose time of signing, or of completion, was really seen."""

    policy: str
    first: str
    last: str
    staged: int
    never_established: int
    established: int
    refused: dict[str, int]
    refused_examples: dict[str, str]
    signed: int
    signed_time_seen: int
    signed_late: int
    second_notices: int
    completed: int
    completed_time_seen: int
    completed_late: int
    overdue: int
    overdue_never_completed: int
    reopened: int
    closed: int
    steps: dict[str, int]
    steps_refused: dict[str, int]
    strikes: dict[str, int]
    dunning_rows: int
    dunning_messages: int
    notices: dict[str, int]
    notices_sent: int
    messages: int
    timers_struck: int
    timers_broken: int
    audit_entries: int
    audit_ok: bool
    seconds: dict[str, float] = field(default_factory=dict)
    cases_a_second: float = 0.0
    database: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """For people, one figure a line."""
        yield _("%(first)s 至 %(last)s，規則包 %(policy)s") % {
            "first": self.first,
            "last": self.last,
            "policy": self.policy,
        }
        rows: list[tuple[str, int]] = [
            (_("匯入的案件"), self.staged),
            ("　" + _("建立中即消失，未成案"), self.never_established),
            (_("成案"), self.established),
            (_("不受理"), sum(self.refused.values())),
            *((f"　{code}", count) for code, count in sorted(self.refused.items())),
            (_("簽收"), self.signed),
            ("　" + _("其中看得到簽收時間"), self.signed_time_seen),
            ("　" + _("其中逾時簽收"), self.signed_late),
            (_("第二次通知"), self.second_notices),
            (_("辦畢"), self.completed),
            ("　" + _("其中看得到辦畢時間"), self.completed_time_seen),
            ("　" + _("其中逾限辦畢"), self.completed_late),
            (_("曾逾限"), self.overdue),
            ("　" + _("其中資料裡始終未見辦畢"), self.overdue_never_completed),
            (_("退回續辦"), self.reopened),
            (_("結案"), self.closed),
            (_("後續步驟不受理"), sum(self.steps_refused.values())),
            *((f"　{what}", count) for what, count in sorted(self.steps_refused.items())),
            (_("稽催通知（列）"), self.dunning_rows),
            (_("稽催電子郵件（封）"), self.dunning_messages),
            (_("通知已送出（列）"), self.notices_sent),
            (_("送出訊息（封）"), self.messages),
            (_("觸發計時"), self.timers_struck),
            (_("計時失敗"), self.timers_broken),
            (_("稽核紀錄"), self.audit_entries),
        ]
        for label, count in rows:
            yield f"{count:>12,}  {label}"
        yield _("稽核鏈完整") if self.audit_ok else _("稽核鏈不完整")
        for code, said in sorted(self.refused_examples.items()):
            yield _("例：%(code)s：%(said)s") % {"code": code, "said": said}
        spent = "，".join(f"{on} {seconds:.0f}" for on, seconds in self.seconds.items() if on != "all")
        yield _("共 %(all).0f 秒（%(spent)s），每秒 %(speed).1f 件") % {
            "all": self.seconds["all"],
            "spent": spent,
            "speed": self.cases_a_second,
        }
        if self.database:
            yield _("資料庫保留：%s") % self.database


def count(pack: Pack, tally: Tally) -> Figures:
    """All figures, from the database of the replay."""
    unseen_signed, unseen_done = list(tally.unknown_signed), list(tally.unknown_completed)
    strikes = _strikes(pack)
    asking = {
        notify.template
        for rule in pack.clocks
        for strike in rule.strikes
        for action in strike.do
        if (notify := action.notify) is not None and notify.digest
    }
    sends = _grouped("SELECT template, count(*) FROM base_notice WHERE state = 'sent' GROUP BY template")
    report = audit.verify()
    established = _number("SELECT count(*) FROM cases_case")
    return Figures(
        policy=f"{pack.code} {pack.version}",
        first=f"{clock.local(tally.first):%Y-%m-%d %H:%M}" if tally.first else "",
        last=f"{clock.local(tally.last):%Y-%m-%d %H:%M}" if tally.last else "",
        staged=tally.staged,
        never_established=tally.never_established,
        established=established,
        refused=dict(tally.refused),
        refused_examples=tally.refused_examples,
        signed=_number("SELECT count(*) FROM cases_case WHERE acknowledged_at IS NOT NULL"),
        signed_time_seen=_number(
            "SELECT count(*) FROM cases_case WHERE acknowledged_at IS NOT NULL AND id <> ALL(%s)",
            unseen_signed,
        ),
        signed_late=_number(
            "SELECT count(*) FROM cases_case WHERE acknowledged_late AND id <> ALL(%s)", unseen_signed
        ),
        second_notices=sum(number for name, number in strikes.items() if not _sets_due(pack, name)),
        completed=_number("SELECT count(*) FROM cases_case WHERE completed_at IS NOT NULL"),
        completed_time_seen=_number(
            "SELECT count(*) FROM cases_case WHERE completed_at IS NOT NULL AND id <> ALL(%s)", unseen_done
        ),
        completed_late=_number(
            "SELECT count(*) FROM cases_case WHERE completed_at > due_at AND id <> ALL(%s)", unseen_done
        ),
        overdue=_number("SELECT count(*) FROM cases_case WHERE overdue"),
        overdue_never_completed=_number(
            "SELECT count(*) FROM cases_case WHERE overdue AND completed_at IS NULL"
        ),
        reopened=_number("SELECT count(*) FROM cases_case WHERE reopened > 0"),
        closed=_number("SELECT count(*) FROM cases_case WHERE closed_at IS NOT NULL"),
        steps=dict(tally.steps),
        steps_refused=dict(tally.steps_refused),
        strikes=strikes,
        dunning_rows=sum(sends.get(template, 0) for template in asking),
        dunning_messages=_number(
            "SELECT count(*) FROM (SELECT DISTINCT to_post, channel, template, digest_key FROM base_notice"
            " WHERE state = 'sent' AND template = ANY(%s)) AS letters",
            list(asking),
        ),
        notices=sends,
        notices_sent=sum(sends.values()),
        messages=_number("SELECT count(*) FROM base_recorded_message"),
        timers_struck=_number("SELECT count(*) FROM base_timer WHERE state = 'struck'"),
        timers_broken=_number("SELECT count(*) FROM base_timer WHERE state = 'broken'"),
        audit_entries=_number("SELECT count(*) FROM base_auditentry"),
        audit_ok=report.ok,
        seconds={on: round(seconds, 1) for on, seconds in tally.seconds.items()},
        cases_a_second=round(established / tally.seconds["all"], 1),
    )


def _strikes(pack: Pack) -> dict[str, int]:
    """Strikes that told somebody: clock/strike -> how many cases' timers."""
    found = _grouped(
        "SELECT (payload->>'clock') || '/' || (payload->>'strike'), count(*) FROM base_timer"
        " WHERE state = 'struck' AND handler = 'cases.clock' GROUP BY 1"
    )
    return dict(sorted(found.items()))


def _sets_due(pack: Pack, strike: str) -> bool:
    return pack.clock(strike.partition("/")[0]).sets_due


def _number(statement: str, *arguments: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return int(cursor.fetchone()[0])


def _grouped(statement: str) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {str(name): int(number) for name, number in cursor.fetchall()}
