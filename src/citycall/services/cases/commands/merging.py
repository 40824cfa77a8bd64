"""Two reports of one thing: the later is merged into the earlier, or parted again when it was wrong (併案).

And two petitions of one person about one matter: the later is linked to the earlier (迭次陳情).
"""

from __future__ import annotations

from django.db.models import Q
from django.utils.translation import gettext as _

from citycall.base.commands import Context, Refused, command
from citycall.base.commands.inputs import RowId
from citycall.services.cases.commands.handling import WORKERS, owe_nothing
from citycall.services.cases.commands.inputs import Done, OfCase, WithReason
from citycall.services.cases.lifecycle import advance, lapse_request, load_for_change
from citycall.services.cases.models import Case


class MergeCase(OfCase):
    """The later report, and the open case that it is merged into."""

    into: RowId


class Merged(Done):
    into: int
    into_number: str
    reports: int


@command("cases.merge", who=(*WORKERS, "operator", "lead"), clauses=("TP-6-8-1",), keyed=True)
def merge(ctx: Context, data: MergeCase) -> Merged:
    """Merge a report into the open case of the same place and item, within that one's limit (TP-6-8-1).

    Its reporter is told the other number now and the result later; what was merged into it before comes with
    it. Refused: ``not_merged_here``, ``same_case``, ``merged_already``, ``newer_case``, ``other_matter``,
    ``other_place``, ``limit_past``, and ``not_permitted`` for the case of another agency.
    """
    # All of them in the order of their keys, so that two who merge at once wait for each other.
    wanted = Q(pk__in=[data.case, data.into]) | Q(merged_into=data.case)
    locked = {one.pk: one for one in Case.objects.select_for_update().filter(wanted).order_by("pk")}
    case = load_for_change(data.case)
    main = locked[data.into]  # the lifecycle table has looked at both
    brought = case.reports
    carried = [one for one in locked.values() if one.merged_into_id == case.pk]
    advance(
        ctx,
        main,
        "case.report_joined",
        set={"reports": main.reports + brought},
        info={"case": case.pk, "number": case.number, "reports": brought},
    )
    about = {"main": main.number, "main_case": main.pk}
    changed = {"merged_into_id": main.pk, "merged_at": ctx.now}
    owe_nothing(ctx, case)
    advance(ctx, case, "case.merged", set={**changed, "reports": 1}, info=about)
    lapse_request(ctx, case)
    for one in carried:
        advance(ctx, one, "case.carried_over", set=changed, info={**about, "before": case.number})
    ctx.audit("case", case.pk, into=main.number)
    return Merged(
        case=case.pk,
        number=case.number,
        status=case.status,
        into=main.pk,
        into_number=main.number,
        reports=main.reports,
    )


@command("cases.unmerge", who=("lead",), clauses=("TP-6-8-1",))
def unmerge(ctx: Context, data: WithReason) -> Done:
    """Part a report that was merged by mistake: it is worked on by itself again, and its limit runs on."""
    found = Case.objects.filter(pk=data.case).values_list("merged_into_id", flat=True).first()
    main = Case.objects.select_for_update().filter(pk=found).first() if found else None
    case = load_for_change(data.case)
    if main is None or case.merged_into_id != main.pk:  # merged into another meanwhile
        raise Refused("not_merged", _("這件案件沒有併入其他案件。"), status=409)
    advance(
        ctx,
        main,
        "case.report_parted",
        set={"reports": max(1, main.reports - 1)},
        info={"case": case.pk, "number": case.number},
    )
    advance(
        ctx,
        case,
        "case.unmerged",
        set={
            "merged_into_id": None,
            "merged_at": None,
            "result": "",
            "finding": "",
            "done_at": None,
        },
        info={"main": main.number, "reason": data.reason},
    )
    ctx.audit("case", case.pk, out_of=main.number, reason=data.reason)
    return Done(case=case.pk, number=case.number, status=case.status)


class LinkRepeat(OfCase):
    """The earlier petition of the same person that this one repeats."""

    earlier: RowId


@command("cases.link_repeat", who=(*WORKERS, "allotter"), clauses=("TP-5-6a", "TP-5-6b"), keyed=True)
def link_repeat(ctx: Context, data: LinkRepeat) -> Done:
    """Say that a petition repeats an earlier one of the same person on the same matter (TP-5-6a).

    What is shown as a possible repeat is only offered: the agency decides, and goes on to its decision with a
    ground (``cases.leave_unprocessed``) or answers. Refused: ``same_case``, ``other_person``, ``newer_case``.
    """
    case = load_for_change(data.case)
    earlier = Case.objects.get(pk=data.earlier)  # the lifecycle table has looked at both
    advance(
        ctx, case, "case.repeat_linked", set={"repeat_of_id": earlier.pk}, info={"number": earlier.number}
    )
    ctx.audit("case", case.pk, repeat_of=earlier.number)
    return Done(case=case.pk, number=case.number, status=case.status)
