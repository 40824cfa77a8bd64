"""Who looks over what: the steering office over all agencies, an agency's evaluator over their own."""

from __future__ import annotations

from collections.abc import Callable, Collection

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from citycall.base import policies
from citycall.base.commands import Actor
from citycall.oversight.changes import had_a_hand, may_approve, policy_changes
from citycall.oversight.models import PolicyChange
from citycall.policy.intake import SpecialList
from citycall.services.cases.queries.sight import looks_over, steering_agency
from citycall.web.inbox.access import can
from citycall.web.ui.templatetags.ui import Tab

ROLES = frozenset({"evaluator", "director", "secretary_general", "auditor", "admin", "lead"})
POLICY_READERS = ROLES | {"head"}  # the rules are every agency's to read

CLOSURE_READERS = ROLES | {"duty_officer"}  # who is on duty when the city decides declares them
ANY_PART = POLICY_READERS | CLOSURE_READERS  # who has a part of this area at all


def sees_all(actor: Actor) -> bool:
    return looks_over(actor) or "admin" in actor.roles()


def scope(actor: Actor) -> Collection[str] | None:
    """The agencies whose figures this person sees; None is every one."""
    return None if sees_all(actor) else actor.agencies()


def may_steer(actor: Actor, command: str) -> bool:
    """Whether this person may run one of the steering office's commands."""
    return can(actor, command, steering_agency())


def approves(actor: Actor) -> bool:
    """Whether this person puts changes of the rules in force."""
    pack = policies.in_force_or_none()
    return pack is not None and may_approve(actor, pack)


def sees_changes(actor: Actor) -> bool:
    """Whether this person sees changes of the rules before they are approved."""
    return sees_all(actor) or approves(actor)


def rule_work(actor: Actor) -> list[tuple[Promise, str, int]]:
    """What of changing the rules waits for this person: words, where it is, how many.

    Whoever may approve or propose is led there from the page they land on, whatever their role is called.
    """
    if not sees_changes(actor):
        return []
    every = reverse("oversight:changes")
    states = PolicyChange.State
    found: list[tuple[Promise, str, int]] = []
    submitted = policy_changes([states.SUBMITTED])
    if submitted:
        only = submitted[0]
        theirs = len(submitted) == 1 and approves(actor) and actor.staff_id not in had_a_hand(only)
        there = reverse("oversight:change_decide", args=[only.pk]) if theirs else every
        found.append((_("待核定的規則修正"), there, len(submitted)))
    if may_steer(actor, "oversight.propose_change"):
        mine = len(policy_changes([states.DRAFT, states.REFUSED]))
        if mine:
            found.append((_("草擬中的規則修正"), every, mine))
    return found


def first_section(actor: Actor) -> str:
    """The address of the first part of this area that is this person's."""
    return next(reverse(f"oversight:{code}") for code, _label, theirs in SECTIONS if theirs(actor))


def sees_closures(actor: Actor) -> bool:
    """Whether this person sees on which days offices are closed."""
    return sees_all(actor) or "duty_officer" in actor.roles()


def audits(actor: Actor) -> bool:
    """Who looked at citizens' data is the auditor's to see."""
    return "auditor" in actor.roles()


SPECIAL_ROLES = ROLES | {"mayor"}


def _special(actor: Actor, roles: Collection[str]) -> bool:
    """One of these roles; evaluators and directors only those of the office that steers."""
    own = {post.role for post in actor.posts if post.agency == steering_agency()}
    here = actor.roles() - {"evaluator", "director"} | own
    return bool(here & set(roles))


def _list() -> SpecialList | None:
    pack = policies.in_force_or_none()
    return None if pack is None else pack.intake.special_list


def sees_special(actor: Actor) -> bool:
    """Whether this person may open the list of special callers, for a purpose (NT-7-3a)."""
    rule = _list()
    return rule is not None and _special(actor, (*rule.seen_by, *rule.deciders))


def proposes_special(actor: Actor) -> bool:
    rule = _list()
    return rule is not None and _special(actor, rule.proposed_by)


def decides_special(actor: Actor) -> bool:
    rule = _list()
    return rule is not None and bool(actor.roles() & set(rule.deciders))


def refers(actor: Actor) -> bool:
    """Whether this person hands false reports to the police (NT-8-3a)."""
    return may_steer(actor, "cases.refer_to_police")


def _prosecutes(actor: Actor) -> bool:
    pack = policies.in_force_or_none()
    return pack is not None and pack.intake.prosecution.on_request and sees_all(actor)


SECTIONS: tuple[tuple[str, Promise, Callable[[Actor], bool]], ...] = (
    ("home", _("成效"), lambda actor: bool(ROLES & actor.roles())),
    ("cases", _("案件登記簿"), lambda actor: bool(ROLES & actor.roles())),
    ("petitions", _("陳情統計"), lambda actor: bool(ROLES & actor.roles())),
    ("owed", _("待辦事項"), lambda actor: bool(ROLES & actor.roles())),
    ("delays", _("逾限檢討"), sees_all),
    ("items", _("項目檢討"), sees_all),
    ("policy", _("規則"), lambda actor: bool(POLICY_READERS & actor.roles())),
    ("closures", _("停班宣告"), sees_closures),
    ("letters", _("查無違規函復"), sees_all),
    ("posts", _("職務缺漏"), sees_all),
    ("incidents", _("異常事件"), sees_all),
    ("police", _("謊報移送"), _prosecutes),
    ("special", _("特殊名單"), sees_special),
    ("outbox", _("通知異常"), sees_all),
    ("looks", _("個資調閱"), audits),
)


def sections(actor: Actor, current: str) -> list[Tab]:
    """The parts of this area that are this person's."""
    return [
        Tab(label, reverse(f"oversight:{code}"), code == current)
        for code, label, theirs in SECTIONS
        if theirs(actor)
    ]
