"""The lifecycle table: every command that acts on one case, in the order in which it is likely next.

Each line says what happens (the events, which the pack's table of moves allows in some statuses and which
its rules let cause clocks, tasks and notices), whose act it is, and what else stands in its way. The command
refuses by this very line (``lifecycle.load_for_change``), so screens, API and documents that read the table
say what the command will do.

How to add an act: write the command (its input derives from ``OfCase``, it begins with ``load_for_change``),
put its event into the ``moves:`` of the packs' kinds, add one line here, and write docs/lifecycle.md anew
(``citycall lifecycle --markdown > docs/lifecycle.md``). A button for the inbox is one line in
web/inbox/acts.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from citycall.policy import Pack
from citycall.policy.kinds import CaseKind
from citycall.services.cases.acts import checks, pair_checks, police_checks, request_checks, writing_checks
from citycall.services.cases.acts.standing import ANYWHERE, OWN, Check, Standing, Who, moves
from citycall.services.cases.tasks import DONE


def _nothing(kind: CaseKind) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class CaseAct:
    """One thing to do with a case.

    `events`: what it writes on the case. `who`: whose act it is. `checks`: what stands in its way, in the
    order in which it is said. `demands`: what the pack wants entered with it. `adds`: it only adds something
    and changes nothing that others decide by, so it may be done on a case that has changed meanwhile.
    `replaces`: it writes over what its last run entered, so another's run since then is a conflict.
    `where`: what the pack must say beside the moves, for the event may also come about otherwise.
    """

    code: str
    command: str
    events: tuple[str, ...]
    who: Who
    checks: tuple[Check, ...]
    demands: Callable[[CaseKind], tuple[str, ...]]
    adds: bool
    replaces: bool = False
    where: Callable[[CaseKind, Pack], bool] = lambda kind, pack: True

    def happens_in(self, kind: CaseKind, pack: Pack) -> bool:
        """Whether cases of this kind know it at all; tasks have no move of their own."""
        if self.events[0] == DONE:
            return any(kind.code in rule.kinds for rule in pack.tasks)
        known = {move.event for move in kind.moves}
        return bool(known & set(self.events)) and self.where(kind, pack)


def act(
    code: str,
    *events: str,
    who: Who = OWN,
    before: tuple[Check, ...] = (),
    after: tuple[Check, ...] = (),
    instead: tuple[Check, ...] = (),
    demands: Callable[[CaseKind], tuple[str, ...]] = _nothing,
    adds: bool = False,
    replaces: bool = False,
    where: Callable[[CaseKind, Pack], bool] = lambda kind, pack: True,
    command: str = "",
) -> CaseAct:
    """A line of the table: `before` and `after` the move is looked at, or `instead` of it."""
    in_the_way = instead or (*before, moves(events[0]), *after)
    return CaseAct(code, command or f"cases.{code}", events, who, in_the_way, demands, adds, replaces, where)


def _completion(kind: CaseKind) -> tuple[str, ...]:
    late = [f"{part} (late)" for part in kind.completion.late_requires]
    return (*kind.completion.requires, *late)


def _grade_b(kind: CaseKind) -> tuple[str, ...]:
    return ("planned_end", *kind.grade_b.requires) if kind.grade_b else ()


def _record(kind: CaseKind) -> tuple[str, ...]:
    return tuple(part for part in kind.reply.phone_record if part != "caller")


def _grounds(kind: CaseKind) -> tuple[str, ...]:
    return ("ground",) if kind.release and kind.release.grounds else ()


def _writing(kind: CaseKind) -> tuple[str, ...]:
    return kind.writing.requires if kind.writing else ()


def _unprocessed(kind: CaseKind) -> tuple[str, ...]:
    return ("ground", "reason") if kind.unprocessed else ()


TABLE: tuple[CaseAct, ...] = (
    act("tell_number", "case.number_told", who=ANYWHERE, instead=(checks.number_untold,), adds=True),
    act("register", "case.registered", before=(checks.unregistered,)),
    act("pass_down", "case.passed_down", after=(checks.has_subordinates,)),
    act("approve", "case.approved", who=checks.APPROVES, before=(checks.another_submitted,)),
    act("return", "case.returned", who=checks.APPROVES),
    act("acknowledge", "case.acknowledged"),
    act("take", "case.taken"),
    act("allot", "case.allotted"),
    act("open_phone", "case.phone_opened", who=checks.RINGS,
        before=(checks.a_person, checks.left_phone), adds=True),
    act("record_phone_reply", "case.phone_recorded", who=checks.RINGS,
        before=(checks.a_person, checks.number_opened), demands=_record),
    act("report_back", "case.reported_back", before=(checks.not_reported_yet,)),
    act("complete", "case.completed", "case.submitted", who=checks.ENTERS,
        instead=(checks.reported_back, checks.completing), demands=_completion),
    act("draft_reply", "case.reply_drafted", before=(writing_checks.writes,), demands=_writing,
        replaces=True),
    act("issue_reply", "case.reply_issued", before=(writing_checks.drafted,),
        where=writing_checks.waits_for_particulars),
    act("open_letter", "case.letter_opened", after=(writing_checks.has_letter,), adds=True),
    act("record_reply", "case.replied", before=(checks.answers_by_hand,),
        where=lambda kind, pack: bool(kind.reply.by_hand)),
    act("enter_grade_b", "case.graded_b", before=(checks.gradable,), demands=_grade_b),
    act("add_photos", "case.photo_added", adds=True),
    act("add_finding", "case.finding_added", adds=True),
    act("request_stage", "case.stage_requested", before=(checks.asks_stage,)),
    act("decide_stage", "case.stage_decided", "case.stage_changed", who=checks.DECIDES_STAGE,
        instead=(checks.stage_asked, checks.deciding_stage), replaces=True),
    act("explain_delay", "case.delay_explained", before=(checks.late,)),
    act("analyse_delay", "case.delay_analysed", before=(checks.late,), replaces=True),
    act("add_prevention", "case.prevention_added", adds=True),
    act("close", "case.closed", who=checks.CLOSES, before=(checks.done_and_answered,)),
    act("remind", "case.reminded", who=checks.REMINDS, adds=True),
    act("open_task", "case.task_opened", who=ANYWHERE, instead=(checks.opens_task,), adds=True),
    act("do_task", "case.task_done", who=ANYWHERE, instead=(checks.does_task,), adds=True),
    act("release", "case.released", who=checks.RELEASES, before=(checks.releasable,), demands=_grounds,
        where=checks.released_directly),
    act("make_request", "case.requested", who=ANYWHERE, instead=(request_checks.asks,)),
    act("decide_request", "case.request_decided", "case.reassigned", "case.joined", "case.released",
        "case.extended", "case.ruled", who=ANYWHERE, instead=(request_checks.decides,)),
    act("withdraw_request", "case.request_decided", who=ANYWHERE, instead=(request_checks.takes_back,)),
    act("answer_join", "case.join_answered", "case.all_joined", who=ANYWHERE,
        instead=(request_checks.answers,)),
    act("state_position", "case.position_stated", who=ANYWHERE, instead=(request_checks.states,), adds=True),
    act("convert", "case.converted", who=request_checks.CONVERTS, after=(request_checks.not_converted,)),
    act("follow_up", "case.followed_up", "case.outcome_recorded", before=(request_checks.outside,)),
    act("leave_unprocessed", "case.not_processed", who=writing_checks.DECIDES,
        before=(writing_checks.may_be_left,), demands=_unprocessed),
    act("tell_result", "case.result_told", who=ANYWHERE, before=(writing_checks.has_result,), adds=True),
    act("ask_reopening", "case.reopening_asked", who=ANYWHERE, before=(writing_checks.may_ask,),
        after=(writing_checks.still_asks,)),
    act("reopen", "case.reopened", who=checks.REOPENS),
    act("merge", "case.merged", who=checks.MERGES, after=(pair_checks.merges,)),
    act("link_repeat", "case.repeat_linked", after=(pair_checks.repeats,)),
    act("unmerge", "case.unmerged", who=ANYWHERE, after=(pair_checks.parts,)),
    act("withdraw", "case.withdrawn", who=ANYWHERE),
    act("pass_up", "case.passed_up", after=(checks.has_supervisor,)),
    act("log_repeat_call", "case.repeat_called", who=ANYWHERE, adds=True),
    act("ask_prosecution", "case.prosecution_asked", who=ANYWHERE, after=(police_checks.false_report,),
        adds=True),
    act("refer_to_police", "case.referred_to_police", who=police_checks.REFERS,
        after=(police_checks.to_refer,), adds=True),
    act("follow_referral", "case.referral_followed", who=police_checks.REFERS,
        after=(police_checks.to_follow,), adds=True),
    act("pack_evidence", "case.evidence_packed", who=police_checks.REFERS,
        after=(police_checks.asked_for,), adds=True),
)  # fmt: skip
BY_COMMAND = {one.command: one for one in TABLE}
BY_CODE = {one.code: one for one in TABLE}
__all__ = ["BY_CODE", "BY_COMMAND", "TABLE", "CaseAct", "Standing", "act"]
