"""Cases that were merged into another: what happens to the main one is said on each of them (TP-6-8-1).

A merged case keeps its number, its reporter and its story. Its clocks stand still; what its reporter is told
comes from the main case, by notice rules on ``case.main_moved``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from citycall.base.commands import Refused
from citycall.policy import Pack
from citycall.services.cases.models import Case

MOVED = "case.main_moved"


def led_by(pack: Pack, main: Case, event_kind: str) -> Iterator[tuple[Case, dict[str, Any], dict[str, Any]]]:
    """The cases merged into this one that the event is said on, locked: what they take over and are told."""
    rule = pack.kinds[main.kind].merge
    if main.reports < 2 or rule is None or event_kind not in rule.follow:
        return
    taken = {"result": main.result, "finding": main.finding, "done_at": main.done_at}
    if event_kind == "case.reassigned":  # it goes where the main case goes, so that it stays in sight there
        taken |= {"agency": main.agency}
    about = {"main": main.number, "event": event_kind}
    for follower in Case.objects.select_for_update().filter(merged_into=main).order_by("pk"):
        yield follower, dict(taken), dict(about)


def held_up(pack: Pack, case: Case, event_kind: str) -> Refused | None:
    """``has_followers`` where the event may not happen while others wait for this case's result."""
    rule = pack.kinds[case.kind].merge
    if case.reports < 2 or rule is None or event_kind not in rule.holds:
        return None
    return Refused(
        "has_followers",
        _("有 %(n)d 件通報已併入本案，其陳情人仍在等候結果；請先由話務組長解除併案。")
        % {"n": case.reports - 1},
        status=409,
        info={"reports": case.reports},
    )
