"""From posts and citizens to addresses, at the moment of sending."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.people import offices

from citycall.base import clock
from citycall.base.commands import background
from citycall.base.notices import Notice, Recipient, Unresolved
from citycall.people.models import Party, Staff
from citycall.people.parties import create_party, erase_party
from citycall.people.recipients import resolve

pytestmark = pytest.mark.django_db


def party(**given: str | None) -> Party:
    with background("test") as ctx:
        return create_party(ctx, **given)


def where(
    channel: str, *, post: str | None = None, to: Party | None = None, lang: str = ""
) -> Recipient | Unresolved:
    notice = Notice(pk=1, to_post=post, party_id=to.pk if to else None, channel=channel, lang=lang)
    return resolve([notice], clock.now())[1]


def test_staff_get_mail_text_or_screen_in_their_language() -> None:
    staff = offices.held("works.window", mobile="0912345678", language="en")
    found = {channel: where(channel, post="works.window") for channel in ("email", "sms", "screen")}
    assert found["email"] == Recipient(staff.email, "w***@ntpc.example", "en", staff.display_name, staff.pk)
    assert found["sms"] == Recipient("0912345678", "09xx-xxx-678", "en", staff.display_name, staff.pk)
    assert isinstance(found["screen"], Recipient)
    asked = where("email", post="works.window", lang="zh-hant")
    assert isinstance(asked, Recipient)
    assert asked.lang == "zh-hant"


def test_a_post_without_person_or_address_waits() -> None:
    offices.post("works.window")
    for post in ("works.window", "works.unknown"):
        found = where("email", post=post)
        assert found == Unresolved(f"nobody stands at {post}")
    offices.held("works.head")
    Staff.objects.update(email="")
    assert where("email", post="works.head") == Unresolved(
        "whoever stands at works.head has no address for email"
    )


def test_citizens_get_what_they_left() -> None:
    """NT-5-4-2c, NT-5-4-2f."""
    mobile = party(name="王小明", phone="0912345678", email="wang@example.com")
    landline = party(phone="02-29603456", phone2="0987654321")
    only_landline = party(phone="02-29603456")
    assert where("sms", to=mobile) == Recipient("0912345678", "09xx-xxx-678", "", "王小明")
    assert where("email", to=mobile) == Recipient("wang@example.com", "w***@example.com", "", "王小明")
    assert where("sms", to=landline) == Recipient("0987654321", "09xx-xxx-321", "", "")
    for channel in ("sms", "email"):
        assert where(channel, to=only_landline) == Unresolved(
            f"the citizen left no address for {channel}", for_good=True
        )


def test_erased_citizens_get_nothing_more() -> None:
    made = party(phone="0912345678")
    with background("test") as ctx:
        erase_party(ctx, made.pk)
    assert where("sms", to=made) == Unresolved("the citizen's data were erased", for_good=True)


def test_a_whole_batch_is_three_queries() -> None:
    people = [offices.held(f"works.handler{number}") for number in range(6)]
    citizens = [party(phone=f"091234567{number}") for number in range(6)]
    batch = [Notice(pk=n, to_post=f"works.handler{n}", channel="email") for n in range(6)]
    batch += [Notice(pk=10 + n, party_id=citizen.pk, channel="sms") for n, citizen in enumerate(citizens)]
    batch.append(Notice(pk=99, to_post="works.nobody", channel="email"))
    with CaptureQueriesContext(connection) as seen:
        found = resolve(batch, clock.now())
    assert len(seen) <= 3
    assert len(found) == 13
    assert [getattr(found[n], "staff_id", None) for n in range(6)] == [p.pk for p in people]
