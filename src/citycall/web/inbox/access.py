"""Whose cases a person may see, and what their posts let them do with one.

An agency's people see their own agency's cases and those that it joins or decides on (``queries.sight``);
those who look over all agencies may read every case. To everybody else a case does not exist. Whether an act
is allowed is asked again, of its command.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from citycall.base.commands import Actor, not_found
from citycall.base.commands.door import effective_who
from citycall.services.cases.models import Case
from citycall.services.cases.queries import by_number, sees
from citycall.services.cases.queries.sight import OVERSEERS, looks_over
from citycall.web.context import AGENCY_ROLES

INBOX_ROLES = AGENCY_ROLES | {"evaluator"}
READERS = INBOX_ROLES | OVERSEERS


def agencies_of(actor: Actor) -> frozenset[str]:
    """The agencies whose inbox this person opens."""
    return frozenset(post.agency for post in actor.posts if post.role in INBOX_ROLES)


def can(actor: Actor, command: str, agency: str) -> bool:
    """Whether a post of this person in this agency may run the command."""
    who = effective_who(command)
    return any(post.agency == agency and post.role in who for post in actor.posts)


def case_for(actor: Actor, number: str) -> Case:
    """The case of this number, if this person may see it."""
    case = by_number(number)
    if case is None or not (looks_over(actor) or sees(case, agencies_of(actor))):
        raise not_found(_("查無此案件，請確認案號。"))
    return case
