"""The words in which progress is told to citizens."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from citycall.services.cases.queries import PublicCase
from citycall.web.ui.templatetags.ui import Entry

STEPS = {
    "case.established": gettext_lazy("已成案，並通知權責機關"),
    "case.acknowledged": gettext_lazy("權責機關已簽收"),
    "case.registered": gettext_lazy("權責機關已收案並分派承辦人"),
    "case.passed_down": gettext_lazy("已轉由下級機關辦理"),
    "case.taken": gettext_lazy("已派員處理"),
    "case.reassigned": gettext_lazy("已改由其他權責機關辦理"),
    "case.extended": gettext_lazy("需要較長時間處理，已展延期限"),
    "case.stage_changed": gettext_lazy("需要較長時間處理，已調整處理期限"),
    "case.graded_b": gettext_lazy("已初步查處，需要較長時間處理"),
    "case.completed": gettext_lazy("已辦理完畢"),
    "case.approved": gettext_lazy("已辦理完畢"),
    "case.replied": gettext_lazy("已回覆陳情人"),
    "case.closed": gettext_lazy("已結案"),
    "case.reopening_asked": gettext_lazy("已申請重新辦理，由話務中心審核"),
    "case.reopened": gettext_lazy("重新辦理"),
    "case.withdrawn": gettext_lazy("已撤案"),
    "case.merged": gettext_lazy("與先前通報為同一事項，併案處理"),
    "case.unmerged": gettext_lazy("改為個別處理"),
    "case.released": gettext_lazy("不再以派工列管，由權責機關另行處理"),
}

# What a state is called to a citizen, and the look of its badge.
STATES = {
    "established": (gettext_lazy("已成案"), "neutral"),
    "acknowledged": (gettext_lazy("機關已簽收"), "active"),
    "in_progress": (gettext_lazy("處理中"), "active"),
    "submitted": (gettext_lazy("處理中"), "active"),  # what waits for approval is nobody's yet
    "completed": (gettext_lazy("已辦理完畢"), "done"),
    "closed": (gettext_lazy("已結案"), "done"),
    "withdrawn": (gettext_lazy("已撤案"), "off"),
    "merged": (gettext_lazy("併案處理"), "active"),
    "released": (gettext_lazy("已轉由權責機關另行處理"), "off"),
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
