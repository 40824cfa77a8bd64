"""What a draft may say in good form and cannot mean: told to a role that is none, done in no time at all."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from citycall.base.commands import commands
from citycall.people.roles import ROLES, role_name
from citycall.policy import Limit, Pack
from citycall.policy.rules import AT_ANOTHER
from citycall.policy.words import RECIPIENTS


def senseless(pack: Pack) -> str:
    """The first thing that cannot be meant, in words; empty where there is none."""
    return next(_found(pack), "")


def _found(pack: Pack) -> Iterator[str]:
    for told in _told(pack):
        # Besides the roles there are words of the rules: the citizen, who took the case, who approves it.
        if told not in ROLES and told not in RECIPIENTS and not told.startswith("post:"):
            known = "、".join(f"{role_name(role)}（{role}）" for role in ROLES)
            yield _("沒有「%(role)s」這個職務。可用的職務：%(known)s。") % {"role": told, "known": known}
    approvers = pack.may.get("cases.approve", commands()["cases.approve"].who)
    for kind in pack.kinds.values():
        for role in kind.completion.approved_by:
            if role not in approvers:
                yield _("「%(role)s」不能核定案件的回覆。可以核定的職務：%(known)s。") % {
                    "role": role_name(role),
                    "known": "、".join(f"{role_name(one)}（{one}）" for one in approvers),
                }
    for name, limit in _limits(pack):
        if limit.amount == 0:
            yield _("「%(name)s」的時限不得為零。") % {"name": name}


def _told(pack: Pack) -> Iterator[str]:
    for rule in pack.notices:
        yield from (_role_in(to) for to in rule.to)
    for clock in pack.clocks:
        for strike in clock.strikes:
            for action in strike.do:
                if action.notify is not None:
                    yield from (_role_in(to) for to in action.notify.to)
    for task in pack.tasks:
        yield from task.roles
    for request in pack.requests:
        yield from (*request.asked_by, *request.decided_by)


def _role_in(to: str) -> str:
    """The role itself, also of an agency that joins, or that had the case before."""
    return to.partition(":")[2] if to.startswith(AT_ANOTHER) else to


def _limits(pack: Pack) -> Iterator[tuple[str, Limit]]:
    for clock in pack.clocks:
        if isinstance(clock.limit, Limit):
            yield clock.name.get(), clock.limit
    for kind in pack.kinds.values():
        for stage in kind.stages.values():
            if isinstance(stage.limit, Limit):
                yield kind.name.get(), stage.limit
        for category in kind.categories:
            limit = kind.category_limit(category.code)
            if limit is not None:
                yield category.name.get(), limit
