"""Who may not see a form empty does not see it because something was wrong in what they sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from tests.web.test_tasks import enter, govern, kinmen, newtaipei, taipei, take

pytestmark = pytest.mark.django_db
__all__ = ["govern", "kinmen", "newtaipei", "taipei"]

NUMBERS = re.compile(r"09\d\d-\d{3}-\d{3}|0\d-\d{4}-\d{4}")
PEOPLE = ("works.handler1", "works.section_chief", "works.head", "works.evaluator", "works.intake_window")


def forms_of_a_case(case: Any) -> Iterator[str]:
    """The address of every form about this case in the inbox, of acts and of what is owed."""
    from citycall.base.policies import pack_of
    from citycall.web.inbox.views.acts import FORMS

    for code in FORMS:
        yield f"/inbox/cases/{case.number}/{code}"
    for rule in pack_of(case.policy_version_id).tasks:
        yield f"/inbox/cases/{case.number}/tasks/{rule.code}"
    yield f"/inbox/cases/{case.number}/tasks/open"
    yield f"/inbox/delays/{case.number}/"


@pytest.mark.parametrize("pack", ["kinmen", "taipei", "newtaipei"])
@pytest.mark.parametrize("kind", ["petition", None])
def test_what_is_not_shown_is_not_shown_for_a_mistake(
    pack: str, kind: str | None, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(pack)
    more = {"kind": kind, "item": None, "agency": "works"} if kind else {}
    if kind and pack == "taipei":
        more |= {"category": "rights", "reply_by": "phone"}
    case = take(pack, **more)
    closed_to: set[str] = set()
    for who in PEOPLE:
        client = enter(who)
        for address in forms_of_a_case(case):
            if client.get(address).status_code != 403:
                continue
            closed_to.add(address)
            answer = client.post(address, {})
            assert answer.status_code == 403, (who, address)
            assert not NUMBERS.search(answer.content.decode()), (who, address)
    assert len(closed_to) >= 3, "somebody is refused some of the forms"


def test_the_numbers_of_the_windows_are_for_who_telephones_them(kinmen: None) -> None:
    """The telephone notice is the call centre's; the agency's own people see no colleague's number by it."""
    case = take("kinmen", kind="petition", item=None, agency="works")
    address = f"/inbox/cases/{case.number}/tasks/phone_window_petition"
    handler = enter("works.handler1")
    assert handler.get(address).status_code == 403
    answer = handler.post(address, {})
    assert answer.status_code == 403
    assert not NUMBERS.search(answer.content.decode())
    shown = enter("call_centre.operator1").get(f"/desk/cases/{case.number}/").content.decode()
    assert NUMBERS.search(shown), "who owes the call is shown the number"


def test_the_desk_shows_no_form_that_is_not_its_own(newtaipei: None) -> None:
    """Its forms have no page of their own; sent by hand they are refused, not drawn."""
    case = take("newtaipei")
    desk: Client = enter("call_centre.operator1")
    at = f"/desk/cases/{case.number}"
    for address in (f"{at}/close", f"{at}/release"):
        answer = desk.post(address, {"no_contact": "x" * 600})
        assert answer.status_code == 403, address
    assert desk.post(f"{at}/reopen", {}).status_code == 403
