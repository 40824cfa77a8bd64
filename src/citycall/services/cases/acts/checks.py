"""What may stand in the way of single acts, beside post, status and tasks owed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from citycall.base.commands import Refused, not_permitted
from citycall.base.policies import in_force
from citycall.people.models import Staff
from citycall.people.queries import posts_bearing, recipient_of_post, subordinates
from citycall.policy import Pack
from citycall.policy.kinds import CaseKind
from citycall.policy.tasks import TaskRule
from citycall.services.cases import requests, tasks
from citycall.services.cases.acts.standing import Standing, Way, Who, moves, wrong_status
from citycall.services.cases.models import Case, CaseTask, ReplyBy

DESK = frozenset({"operator", "lead"})  # the call centre, which works for all agencies
RELEASERS = ("operator", "lead", "director", "evaluator", "head", "supervisor", "section_chief")
MERGERS = ("handler", "intake_window", "section_chief")
REMINDERS = ("evaluator", "director", "head")  # of the office that steers the hotline
GRADE_B = "B"
WRITTEN = ("letter", "email", "sms")  # a reply that can be read again
# All that a pack's task rules may name; each rule names its own among them.
OWING = (
    "operator",
    "lead",
    "window",
    "intake_window",
    "handler",
    "section_chief",
    "supervisor",
    "head",
    "evaluator",
    "director",
)


def steering() -> str:
    """The agency that looks over the others, by the pack in force."""
    return in_force()[1].managing_unit


# --- whose act it is ----------------------------------------------------------------------------


def _enters(at: Standing) -> list[Way]:
    return [(at.kind.completion.by or None, at.case.agency)]


def _approves(at: Standing) -> list[Way]:
    return [(at.kind.completion.approved_by or None, at.case.agency)]


def _reopens(at: Standing) -> list[Way]:
    return [(("lead",), None), (("evaluator", "director"), steering())]


def _reminds(at: Standing) -> list[Way]:
    return [(("window",), at.case.agency), (REMINDERS, steering())]


def _releases(at: Standing) -> list[Way]:
    rule = at.kind.release
    return [(RELEASERS, steering())] if rule is None else [(rule.by, rule.by_agency)]


def _merges(at: Standing) -> list[Way]:
    """Merging is for those who work on the case, or for the call centre where the pack says so (TP-6-8-1)."""
    rule = at.kind.merge
    if rule is not None and rule.by == "call_centre":
        return [(tuple(sorted(DESK)), None)]
    return [(MERGERS, at.case.agency)]


def _closes(at: Standing) -> list[Way]:
    """Closing is for the agency that the pack names; where that is the case's own, the desk may too."""
    reply = at.kind.reply
    own: list[Way] = [(reply.closed_by, reply.closing_agency_of(at.case.agency))]
    desk = tuple(sorted(DESK & set(reply.closed_by)))
    return [(desk, None), *own] if reply.closed_by_agency == "case" and desk else own


def _rings(at: Standing) -> list[Way]:
    return [(roles, agency) for roles, agency in callers(at.pack, at.case, at.open_tasks)]


def callers(pack: Pack, case: Case, owed: Iterable[CaseTask]) -> list[tuple[tuple[str, ...], str]]:
    """Roles and agency of those who may ring the citizen: who owes the reply first, then who owes `owed`."""
    reply = pack.kinds[case.kind].reply
    found = [(reply.phone_by, reply.phone_agency_of(case.agency))]
    for task in owed:
        rule = pack.task(task.code)
        if rule.rings_citizen:
            found.append((rule.roles, task.agency))
    return found


def _decides_stage(at: Standing) -> list[Way]:
    asked = at.pending_request
    stage = at.kind.stages.get("second" if asked.to == "second" else "ordinary") if asked else None
    return [(stage.decided_by if stage is not None else None, None)]


ENTERS = Who("whom the pack names to enter the result (`completion.by`)", _enters)
APPROVES = Who("whom the pack names to approve (`completion.approved_by`), in the case's agency", _approves)
REOPENS = Who("the call centre's lead; evaluator or director of the steering office", _reopens)
REMINDS = Who("the agency's own window; the steering office", _reminds)
RELEASES = Who("whom the pack names (`release.by`), in `release.by_agency`", _releases)
MERGES = Who("the case's agency, or the call centre where the pack says so", _merges)
CLOSES = Who("whom the pack names (`reply.closed_by`), in `reply.closed_by_agency`; the desk", _closes)
RINGS = Who("who owes the reply (`reply.phone_by`) or a task that rings the citizen", _rings)
DECIDES_STAGE = Who("whom the stage names (`stages.*.decided_by`)", _decides_stage)


# --- what comes before it -----------------------------------------------------------------------


def completing(at: Standing) -> Refused | None:
    """The result goes to a superior first, where the pack says so."""
    return moves("case.submitted" if at.kind.completion.approved_by else "case.completed")(at)


def reported_back(at: Standing) -> Refused | None:
    """The handler has reported back, where the pack wants that first (`completion.report_first`)."""
    if at.kind.completion.report_first and at.case.reported_back_at is None:
        return Refused("not_reported_back", _("承辦人員尚未回報處理完畢，請先回報再登錄結果。"), status=409)
    return None


def not_reported_yet(at: Standing) -> Refused | None:
    """Nobody has reported back yet."""
    if at.case.reported_back_at is not None:
        return Refused("already_reported", _("承辦人員已經回報，請等候登錄結果。"), status=409)
    return None


def another_submitted(at: Standing) -> Refused | None:
    """Somebody else submitted the result."""
    if at.actor.staff_id is not None and at.actor.staff_id == at.case.submitted_by:
        return Refused("own_submission", _("不能核定自己陳核的案件，請由其他主管核定。"), status=409)
    return None


def number_untold(at: Standing) -> Refused | None:
    """Telling it once more changes nothing, and is never wrong."""
    return None if at.case.number_told_at is not None else moves("case.number_told")(at)


def late(at: Standing) -> Refused | None:
    """The case is or was late."""
    case = at.case
    if case.overdue or case.was_overdue or case.completed_late:
        return None
    return Refused("not_late", _("案件沒有逾限，不需要敘明逾期理由。"), status=409)


def unregistered(at: Standing) -> Refused | None:
    """It is not registered yet."""
    if at.case.registered_at is not None:
        return Refused("already_registered", _("案件已完成分文掛號。"), status=409)
    return None


def has_subordinates(at: Standing) -> Refused | None:
    """The agency has others under it."""
    if at.given is not None or subordinates(at.case.agency):  # which, the command looks at
        return None
    message = _("只能轉分給本機關的下級機關。")
    return Refused("invalid", message, fields={"agency": message}, status=422)


def gradable(at: Standing) -> Refused | None:
    """Whether an interim result may still be entered (TP-5-5-6a)."""
    rule, case = at.kind.grade_b, at.case
    if rule is None:
        return Refused("no_grade_b", _("這類案件沒有 B 等級。"), status=409)
    if case.grade == GRADE_B:
        return Refused("already_graded", _("案件已列為 B 等級，預定辦結日期不再更改。"), status=409)
    if rule.within_limit and case.due_at is not None and at.now > case.due_at:
        return Refused("limit_passed", _("已超過原規定時間，不能列為 B 等級。"), status=409)
    return None


def a_person(at: Standing) -> Refused | None:
    """Who telephones: always a person, never a program."""
    return not_permitted() if at.actor.staff_id is None else None


def left_phone(at: Standing) -> Refused | None:
    """The citizen left a telephone number."""
    if at.case.party_id is None or not at.case.has_phone:
        return Refused("no_phone", _("民眾未留電話。"), status=409)
    return None


def number_opened(at: Standing) -> Refused | None:
    """This person opened the number, and has not recorded the call yet."""
    if any(one.staff_id == at.actor.staff_id and one.at is None for one in at.phone_records):
        return None
    return Refused("number_not_opened", _("請先開啟民眾電話再登錄電話紀錄。"), status=409)


def answers_by_hand(at: Standing) -> Refused | None:
    """The pack knows ways of answering by hand (`reply.by_hand`)."""
    if at.kind.reply.by_hand:
        return None
    message = _("這類案件不能用這種方式回覆。")
    return Refused("invalid", message, fields={"way": message}, status=422)


def other_stages(at: Standing) -> list[str]:
    """The stages that may be asked for."""
    stages = at.kind.stages.items()
    return [code for code, stage in stages if stage.on_application and code != at.case.stage]


def asks_stage(at: Standing) -> Refused | None:
    """Nothing is asked for yet, and there is another stage to ask for."""
    if at.pending_request is not None:
        return Refused("already_requested", _("已有一件申請待話務中心審核。"), status=409)
    wanted = at.asked("to")
    if wanted in other_stages(at) if wanted else other_stages(at):
        return None
    message = _("案件不能改列這個階段。")
    return Refused("invalid", message, fields={"to": message}, status=422)


def stage_asked(at: Standing) -> Refused | None:
    """Another stage is asked for."""
    if at.pending_request is None:
        return Refused("nothing_requested", _("這個案件沒有待審核的申請。"), status=409)
    return None


def releasable(at: Standing) -> Refused | None:
    """The pack knows a release (`release`), and none that must be asked for (TP-6-6-0)."""
    if at.kind.release is None:
        return Refused("no_release", _("這類案件不適用解除列管。"), status=409)
    return must_be_asked(at.pack, at.case)


def released_directly(kind: CaseKind, pack: Pack) -> bool:
    """The pack knows a release of this kind that nobody asks for first."""
    return kind.release is not None and not _asks_first(pack, kind.code)


def _asks_first(pack: Pack, kind: str) -> bool:
    return any(rule.effect == "release" for rule in requests.rules_of(pack, kind))


def must_be_asked(pack: Pack, case: Case) -> Refused | None:
    """``request_required`` where the agency applies for release and the call centre decides (TP-6-6-0)."""
    if not _asks_first(pack, case.kind):
        return None
    message = _("這類案件的解除列管由權責機關提出申請，話務中心決定；請待機關申請後再行決定。")
    return Refused("request_required", message, status=409)


# --- closing ------------------------------------------------------------------------------------


def done_and_answered(at: Standing) -> Refused | None:
    """The work is done, and the citizen was told or cannot be (NT-5-4-9a, NT-5-4-9c)."""
    case = at.case
    if case.completed_at is None or not case.result:
        return Refused("not_completed", _("案件未辦理完成，嚴禁先行結案。請先登錄辦理結果。"), status=409)
    if at.phone_task is not None:
        refused = _cannot_be_rung(at)
        if refused is not None:
            return refused
    writing = at.kind.writing
    if writing is not None and at.open_draft is not None:
        message = _("回覆稿尚未發出，不能結案。請填註發文文號等事項後發出。")
        return Refused("reply_owed", message, status=409)
    if writing is not None and writing.must and not any(one.way in WRITTEN for one in at.replies):
        return Refused("no_written_reply", _("尚未以書面函復民眾，不能結案。"), status=409)
    if _message_owed(at) and not (at.actor.has("lead") and at.message_lost):
        return Refused("reply_owed", _("回覆民眾的訊息尚未送出，不能結案；送出後會自動結案。"), status=409)
    return None


def _cannot_be_rung(at: Standing) -> Refused | None:
    """A call that is owed keeps a case open, unless it was tried in vain and the call centre says so."""
    why = at.asked("no_contact") if at.given is not None else "?"  # the form asks for it
    since = at.case.completed_at
    tried = since is not None and any(
        one.reached is False and one.at is not None and one.at >= since for one in at.phone_records
    )
    if at.kind.reply.phone_agency == "case" or not why or (at.given is None and not tried):
        return Refused("phone_reply_owed", _("民眾要求電話回覆，請先完成回電並做成電話紀錄。"), status=409)
    if tried:
        return None
    message = _("還沒有未接通的電話紀錄，不能以無法聯絡結案。")
    return Refused("not_tried", message, fields={"no_contact": message}, status=409)


def _message_owed(at: Standing) -> bool:
    """Whether the citizen still waits for the message, or letter, that the work is done (NT-5-4-9a)."""
    by_message = at.case.reply_by in (ReplyBy.SMS, ReplyBy.EMAIL, ReplyBy.LETTER)
    return at.kind.reply.closes_when == "replied" and by_message and at.case.replied_at is None


# --- passing up -------------------------------------------------------------------------------------


def supervisor_of(kind: CaseKind, agency: str, now: datetime) -> tuple[str, Staff] | None:
    """Who settles what is passed up: the first post of the pack's roles at which somebody stands now."""
    posts = (post for role in kind.passed_up_to for post in posts_bearing(agency, role))
    stands = ((post, recipient_of_post(post, now)) for post in posts)
    return next(((post, person) for post, person in stands if person is not None), None)


def has_supervisor(at: Standing) -> Refused | None:
    """Somebody stands above this person to whom the matter can go, and has it not yet (HR-3-1-2)."""
    found = supervisor_of(at.kind, at.case.agency, at.now)
    if found is None:
        return Refused("no_supervisor", _("本機關沒有可以陳請處理的主管。"), status=409)
    _post, person = found
    if person.pk == at.actor.staff_id:
        return Refused("own_supervisor", _("您就是受理陳請的主管，請直接處理。"), status=409)
    if person.pk == at.case.taken_by:
        return Refused("already_passed_up", _("案件已陳請主管處理。"), status=409)
    return None


# --- tasks --------------------------------------------------------------------------------------


def opens_task(at: Standing) -> Refused | None:
    """The task that is named, or without one any, may be opened by this person now."""
    rules = tasks.rules_of(at.pack, at.case.kind)
    wanted = at.asked("task")
    meant: Sequence[TaskRule | None] = [rule for rule in rules if rule.opened_by]
    if wanted is not None:
        meant = [next((rule for rule in rules if rule.code == wanted), None)]
    return _any([_opens(at, rule) for rule in meant or [None]])


def _opens(at: Standing, rule: TaskRule | None) -> Refused | None:
    roles = rule.opened_by if rule is not None and rule.opened_by else OWING
    desk = DESK & set(roles)
    if at.actor.kind != "system" and not (
        at.actor.holds(*desk) or at.actor.holds(*roles, agency=at.case.agency)
    ):
        return not_permitted()
    if rule is None or not rule.opened_by:
        message = _("沒有這種待辦事項。")
        return Refused("invalid", message, fields={"task": message}, status=422)
    if at.kind.next_status(tasks.OPENED, at.case.status) is None:
        return wrong_status(at.case)
    if not tasks.fits(rule, at.case, {}):
        message = _("案件目前的狀態不適用這種待辦事項。")
        return Refused("wrong_status", message, info={"status": at.case.status})
    if any(task.code == rule.code for task in at.open_tasks):
        return Refused("already_open", _("這件待辦事項已經列管，尚未完成。"), status=409)
    return None


def does_task(at: Standing) -> Refused | None:
    """The task that is named, or without one any that is open, is this person's to do."""
    wanted = at.asked("task")
    codes = [wanted] if wanted is not None else [task.code for task in at.open_tasks]
    return _any([_does(at, code) for code in codes or [""]])


def _does(at: Standing, code: str) -> Refused | None:
    rule = tasks.rule_of(at.pack, at.case, code)
    task = next((one for one in at.open_tasks if one.code == code), None)
    roles: tuple[str, ...] = OWING
    agency = at.case.agency
    if rule is not None:  # who owes it is kept with it, and stays so when the case passes to another agency
        roles, agency = rule.roles, tasks.owing(rule, at.case) if task is None else task.agency
    if at.actor.kind != "system" and not at.actor.holds(*roles, agency=agency):
        return not_permitted()
    if rule is None or task is None:
        return Refused("no_task", _("這件待辦事項已經完成或不存在，請重新整理頁面。"), status=409)
    if rule.done_by:
        return Refused("done_by_itself", _("這件待辦事項於案件完成該步驟時自動銷案。"), status=409)
    return None


def _any(found: Sequence[Refused | None]) -> Refused | None:
    """None where one of these is possible; else the reason nearest to the person."""
    if any(one is None for one in found):
        return None
    refusals = [one for one in found if one is not None]
    return next((one for one in refusals if one.code != "not_permitted"), refusals[0])


def deciding_stage(at: Standing) -> Refused | None:
    """Consent changes the stage, and the decision is told: both must be possible."""
    return moves("case.stage_decided")(at) or (
        moves("case.stage_changed")(at) if at.asked("approve") in (None, True) else None
    )
