"""The words in which progress is told to citizens."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citycall.services.cases.queries import PublicCase
from citycall.web.ui.templatetags.ui import Entry

STEPS = {
    "case.established": gettext_lazy("已成案，並通知權責機關"),
    "case.acknowledged": gettext_lazy("權責機關已簽收"),
    "case.taken": gettext_lazy("已派員處理"),
    "case.stage_changed": gettext_lazy("需要較長時間處理，已調整處理期限"),
    "case.completed": gettext_lazy("已辦理完畢"),
    "case.replied": gettext_lazy("已回覆陳情人"),
    "case.closed": gettext_lazy("已結案"),
    "case.reopened": gettext_lazy("重新辦理"),
    "case.withdrawn": gettext_lazy("已撤案"),
}

# What a state is called to a citizen, and the look of its badge.
STATES = {
    "established": (gettext_lazy("已成案"), "neutral"),
    "acknowledged": (gettext_lazy("機關已簽收"), "active"),
    "in_progress": (gettext_lazy("處理中"), "active"),
    "completed": (gettext_lazy("已辦理完畢"), "done"),
    "closed": (gettext_lazy("已結案"), "done"),
    "withdrawn": (gettext_lazy("已撤案"), "off"),
}


def steps_of(case: PublicCase) -> list[Entry]:
    """The timeline of a case; the same step twice running is told once."""
    entries: list[Entry] = []
    last = ""
    for step in case.steps:
        if step.kind != last:
            entries.append(Entry(at=step.at, title=str(STEPS.get(step.kind, _("處理中")))))
        last = step.kind
    return entries
