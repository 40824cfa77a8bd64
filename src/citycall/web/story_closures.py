"""What the story of a case says of a closure that has moved its limits (TP-5-5-1b)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext as _

from citycall.base.events import Event
from citycall.services.cases.queries import CaseDetail
from citycall.web.ui.words import day_said, due_said, named


def due_changed(event: Event, detail: CaseDetail) -> str:
    """Which closure moved which limits, from when to when."""
    info = event.info
    words = {"day": day_said(date.fromisoformat(str(info["day"]))), "why": info.get("reason", "")}
    lines = [
        _("撤回 %(day)s 停班（%(why)s）") % words
        if info.get("withdrawn")
        else _("%(day)s 停班（%(why)s）") % words
    ]
    names = {rule.code: rule.name for rule in detail.pack.clocks}
    for one in (info, *info.get("also", ())):
        lines.append(
            _("%(clock)s：%(old)s → %(new)s")
            % {
                "clock": named(names[one["clock"]]) if one["clock"] in names else one["clock"],
                "old": due_said(datetime.fromisoformat(one["old_due"])),
                "new": due_said(datetime.fromisoformat(one["new_due"])),
            }
        )
    return "\n".join(lines)
