"""One act on many cases, each done or refused by itself, taken back by one press; lists kept by name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from citycall.base import clock, policies
from citycall.base.commands import Refused
from citycall.base.notices import Notice
from citycall.people.queries import actor_for_post
from citycall.rehearsal import sample
from citycall.services.cases import queries, terms
from citycall.services.cases.bulk import foresee
from citycall.services.cases.commands import bulk, filters, handling
from citycall.services.cases.commands.establish import establish
from citycall.services.cases.models import OPEN_STATUSES, BulkAct, Case, CaseTerms, SavedFilter
from citycall.services.cases.queries import CaseFilter

pytestmark = pytest.mark.django_db


@pytest.fixture
def city(db: None) -> Iterator[None]:
    policies.refresh()
    sample.load_sample(cases=False)
    yield
    policies.refresh()


def take_in(n: int, **more: Any) -> int:
    given = {
        "item": "streetlight",
        "description": f"路燈不亮 {n}",
        "place": {"address": f"板橋區中山路一段{n}號"},
        "reporter": {"name": "王小明", "phone": f"09{n:08}"},
    }
    return establish(actor_for_post("call_centre.operator1"), {**given, **more}).case


def signed(n: int) -> int:
    case = take_in(n)
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": case})
    return case


def test_allotted_together_and_taken_back(city: None) -> None:
    chief = actor_for_post("works.section_chief")
    cases = [signed(1), signed(2), take_in(3)]
    handling.take(actor_for_post("works.handler2"), {"case": cases[1]})
    before = Case.objects.get(pk=cases[1]).taken_by
    asked = {"act": "allot", "cases": cases, "post": "handler1"}
    made = bulk.bulk(chief, asked, key="once-and-no-more-1")
    assert [one.case for one in made.done] == cases[:2]
    assert [(one.case, one.code) for one in made.refused] == [(cases[2], "wrong_status")]
    handler = actor_for_post("works.handler1").staff_id
    assert (
        list(Case.objects.filter(taken_by=handler).order_by("pk").values_list("pk", flat=True)) == cases[:2]
    )
    assert bulk.bulk(chief, asked, key="once-and-no-more-1").bulk == made.bulk, "the same press again"
    assert BulkAct.objects.count() == 1

    handling.add_finding(actor_for_post("works.handler1"), {"case": cases[0], "text": "到場勘查"})
    undone = bulk.undo_bulk(chief, {"bulk": made.bulk})
    assert [one.case for one in undone.done] == [cases[1]]
    assert [(one.case, one.code) for one in undone.refused] == [(cases[0], "acted_since")]
    assert Case.objects.get(pk=cases[0]).taken_by == handler
    assert Case.objects.get(pk=cases[1]).taken_by == before
    with pytest.raises(Refused, match="already_undone"):
        bulk.undo_bulk(chief, {"bulk": made.bulk})


def test_undone_by_whoever_did_it_and_soon(city: None) -> None:
    chief = actor_for_post("works.section_chief")
    made = bulk.bulk(chief, {"act": "allot", "cases": [signed(1)], "post": "handler1"})
    with pytest.raises(Refused, match="not_found"):
        bulk.undo_bulk(actor_for_post("works.window"), {"bulk": made.bulk})
    with (
        clock.at(clock.now() + bulk.UNDO_WITHIN + timedelta(seconds=1)),
        pytest.raises(Refused, match="too_late"),
    ):
        bulk.undo_bulk(chief, {"bulk": made.bulk})


def test_what_is_foreseen_is_what_happens(db: None) -> None:
    policies.refresh()
    sample.load_sample("taipei", cases=False)
    given = {"item": None, "kind": "petition", "agency": "works", "category": "rights", "place": None}
    contact = {"reporter": {"name": "王小明", "phone": "0912345678"}, "reply_by": "sms"}
    asked, free = (take_in(n, **given, **contact) for n in (1, 2))
    lamp = take_in(3, place={"address": "信義區市府路1號"})
    chief = actor_for_post("works.section_chief")
    memo = SimpleUploadedFile("簽陳.pdf", b"%PDF-1.4\ntrailer<<>>\n%%EOF\n", content_type="application/pdf")
    joining = {"agencies": ["civil"], "text": "涉及該機關權責", "memo": [memo], "consent_level": "delegated"}
    joining |= {"consent_person": "王科長", "consent_date": clock.today()}
    first = bulk.bulk(chief, {"act": "join", "cases": [asked], **joining})
    assert first.done, first.refused
    cases = list(Case.objects.filter(pk__in=[asked, free, lamp]).order_by("pk"))
    for who in (chief, actor_for_post("env.section_chief")):
        foreseen = {one.case.pk: one.refused.code for one in foresee(who, "join", cases) if one.refused}
        made = bulk.bulk(who, {"act": "join", "cases": [one.pk for one in cases], **joining})
        assert foreseen == {one.case: one.code for one in made.refused}
    policies.refresh()


def test_what_another_agency_has_is_refused(city: None) -> None:
    made = bulk.bulk(
        actor_for_post("env.section_chief"), {"act": "allot", "cases": [signed(1)], "post": "handler1"}
    )
    assert made.bulk == 0
    assert [one.code for one in made.refused] == ["not_permitted"]
    with pytest.raises(Refused, match="invalid"):
        bulk.bulk(actor_for_post("works.section_chief"), {"act": "burn", "cases": [1]})
    with pytest.raises(Refused, match="not_found"):
        bulk.bulk(
            actor_for_post("works.section_chief"), {"act": "allot", "cases": [10**12], "post": "handler1"}
        )


def test_reminders_wait_for_the_press_that_takes_them_back(db: None) -> None:
    policies.refresh()
    sample.load_sample(pack="kinmen", cases=False)
    item = next(one for one in policies.in_force()[1].items.values())
    case = take_in(1, item=item.code, place={"address": "金城鎮民生路1號"})
    agency = Case.objects.get(pk=case).agency
    window = actor_for_post(f"{agency}.window")
    made = bulk.bulk(window, {"act": "remind", "cases": [case], "text": "請儘速處理"})
    held = Notice.objects.filter(about_id=case, due_at__gt=clock.now() + timedelta(seconds=30))
    assert held.exists()
    told = list(held.values_list("pk", flat=True))
    assert [one.case for one in bulk.undo_bulk(window, {"bulk": made.bulk}).done] == [case]
    assert set(Notice.objects.filter(pk__in=told).values_list("state", flat=True)) == {"called_off"}

    again = bulk.bulk(window, {"act": "remind", "cases": [case]})
    Notice.objects.filter(about_id=case, state="pending").update(state="sent")
    assert [one.code for one in bulk.undo_bulk(window, {"bulk": again.bulk}).refused] == ["already_sent"]
    policies.refresh()


def test_a_filter_is_kept_changed_and_removed(city: None) -> None:
    window = actor_for_post("works.intake_window")
    wanted = {"tray": "late", "item": "streetlight", "sort": "-due"}
    first = filters.save_filter(window, {"title": "路燈逾限", "agency": "works", "wanted": wanted})
    second = filters.save_filter(
        window, {"title": "坑洞", "agency": "works", "wanted": {"tray": "all"}, "shared": True}
    )
    for given, code in (
        ({"title": "坑洞", "agency": "works", "wanted": {"tray": "all"}}, "same_name"),
        ({"title": "甲", "agency": "env", "wanted": {"tray": "all"}}, "not_permitted"),
        ({"title": "乙", "agency": "works", "wanted": {"tray": "all", "q": "0912-345-678"}}, "invalid"),
    ):
        with pytest.raises(Refused, match=code):
            filters.save_filter(window, given)
    filters.change_filter(window, {"saved_filter": second.saved_filter, "move": "up", "first": True})
    filters.change_filter(window, {"saved_filter": first.saved_filter, "title": "逾限的路燈", "first": True})
    own = queries.filters_for(window.staff_id, ["works"])
    assert [(one.title, one.first) for one in own] == [("坑洞", False), ("逾限的路燈", True)]
    other = actor_for_post("works.handler1")
    assert [one.title for one in queries.filters_for(other.staff_id, ["works"])] == ["坑洞"]
    assert queries.filters_for(actor_for_post("env.window").staff_id, ["env"]) == []
    with pytest.raises(Refused, match="not_found"):
        filters.remove_filter(other, {"saved_filter": second.saved_filter})
    filters.remove_filter(window, {"saved_filter": second.saved_filter})
    assert SavedFilter.objects.filter(removed_at=None).count() == 1


def test_cases_are_found_by_their_words_at_once(city: None) -> None:
    case = take_in(7, description="臺北商行前路燈一閃一閃，７-ＥＬＥＶＥＮ旁")
    for q in ("台北商行", "一閃一閃", "7-eleven", "路燈 商行", "中山路一段7號", "閃"):
        assert queries.newest(CaseFilter(q=q), 5).ids == [case], q
    number = Case.objects.get(pk=case).number
    for q in (number, number[:8], number.lower()):
        assert queries.newest(CaseFilter(q=q), 5).ids == [case], q
    assert queries.newest(CaseFilter(q="台北商號"), 5).ids == []
    spoken = take_in(8, description="請回電 0912-345-678 或 (02) 2345 6789，謝謝")
    for q in ("0912-345-678", "0912345678", "02 23456789", "2345 6789"):
        assert spoken not in queries.newest(CaseFilter(q=q), 5).ids, q
    assert queries.newest(CaseFilter(q="請回電"), 5).ids == [spoken]
    assert queries.newest(CaseFilter(q="路燈", agencies=["env"]), 5).ids == []
    handling.acknowledge(actor_for_post("works.intake_window"), {"case": case})
    handling.take(actor_for_post("works.handler1"), {"case": case})
    done = {"case": case, "finding": "resolved", "result": "已更換整流器"}
    handling.complete(actor_for_post("works.handler1"), done)
    assert queries.newest(CaseFilter(q="整流器", status="open"), 5).ids == [case]
    row = Case.objects.get(pk=case)
    assert CaseTerms.objects.get(pk=case).terms == terms.keyed(row, OPEN_STATUSES)


def test_what_older_releases_wrote_is_indexed(city: None) -> None:
    from citycall.services.cases import indexing

    case = take_in(1)
    CaseTerms.objects.all().delete()
    assert queries.newest(CaseFilter(q="路燈"), 5).ids == []
    assert indexing.fill() == 1
    assert queries.newest(CaseFilter(q="路燈"), 5).ids == [case]


def test_words_among_what_is_my_own(city: None) -> None:
    cases = [signed(1), signed(2)]
    handler = actor_for_post("works.handler1")
    handling.take(handler, {"case": cases[0]})
    own = CaseFilter(taken_by=handler.staff_id, status="open", q="路燈")
    assert queries.newest(own, 5).ids == [cases[0]]
    assert queries.newest(CaseFilter(taken_by=handler.staff_id, q="坑洞"), 5).ids == []
    assert queries.newest(CaseFilter(phone_owed=True, q="路燈"), 5).ids == []
