"""The roles that a post can have, and their names. What each may do, commands and packs say."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ROLES: dict[str, str | Promise] = {
    "operator": _("話務人員"),
    "lead": _("話務中心主管"),
    "window": _("話務聯繫窗口"),
    "intake_window": _("受理派工案件窗口"),
    "handler": _("業務承辦人"),
    "section_chief": _("業務主管"),
    "supervisor": _("督導主管"),
    "evaluator": _("研考人員"),
    "head": _("機關首長"),
    "director": _("研考主管"),
    "allotter": _("收分文人員"),
    "secretary_general": _("秘書長"),
    "mayor": _("市長"),
    "duty_officer": _("值日人員"),
    "admin": _("系統管理者"),
    "auditor": _("稽核人員"),
}

# What an agency's head and window give to their people. All else (its head, the steering office, the call
# centre, who administers and who audits) only the administrator gives: nobody raises themselves.
FILLED_BY_THE_AGENCY = frozenset(
    {"window", "intake_window", "supervisor", "section_chief", "handler", "evaluator"}
)


def role_name(role: str) -> str:
    """The role's name in the reader's language; an unknown role by its code."""
    return str(ROLES.get(role, role))
