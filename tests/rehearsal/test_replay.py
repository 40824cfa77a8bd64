"""Imported cases lived through again, by the ordinary commands, at their own times, in another database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from citycall.base import clock
from citycall.policy import load_pack
from citycall.rehearsal.models import ImportedCase, ImportedStep, Standing
from citycall.rehearsal.replay import replay_cases
from citycall.rehearsal.stories import ReplayError, Wanted

NEWTAIPEI = Path(__file__).parents[2] / "policies" / "newtaipei"
TEN = datetime(2016, 9, 12, 2, 0, tzinfo=UTC)  # a Monday, ten o'clock in Taipei


def stage(number: str, standing: Standing, seen: dict[int, Standing], **changes: object) -> None:
    """A case established at ten, and how it was seen so many minutes later."""
    fields = {
        "source": "sample",
        "number": number,
        "received_at": TEN,
        "established_at": TEN,
        "item": "streetlight",
        "item_name": "路燈",
        "address": "板橋區中山路一段161號",
        "description": "路燈不亮",
        "reporter_name": "姓名未公開",
        "standing": standing,
        "finding": "resolved",
        "result": "已修復",
        "file": "sample.csv",
        "line": 1,
        "imported_at": clock.now(),
    }
    case = ImportedCase.objects.create(**{**fields, **changes})
    ImportedStep.objects.bulk_create(
        ImportedStep(case=case, at=TEN + timedelta(minutes=minute), standing=standing, sighting=True)
        for minute, standing in seen.items()
    )


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_cases_go_the_way_they_really_went() -> None:
    from citycall.services.cases.models import Case

    drafted, sent, signed, done = (
        Standing.DRAFT,
        Standing.ESTABLISHED,
        Standing.ACKNOWLEDGED,
        Standing.COMPLETED,
    )
    stage("in time", done, {0: sent, 5: signed, 60: done})
    stage("late", done, {0: sent, 30: signed, 3 * 1440: done})
    stage("unsigned", sent, {0: sent, 1: sent})
    stage("when unknown", signed, {20: signed})
    stage("draft", drafted, {0: drafted}, established_at=None)
    stage("elsewhere", sent, {0: sent, 1: sent}, address="臺北市中正區重慶南路一段122號")

    found = replay_cases(Wanted(load_pack(NEWTAIPEI)))

    assert (found.staged, found.established, found.never_established) == (6, 4, 1)
    assert found.refused == {"place_outside": 1}
    assert (found.signed, found.signed_time_seen, found.signed_late) == (3, 2, 1)
    assert found.second_notices == 2, "for the late one and the one that nobody signed"
    assert (found.completed, found.completed_late) == (2, 1)
    assert found.overdue == 3
    assert found.overdue_never_completed == 2
    assert found.dunning_rows > found.dunning_messages > 0, "one message a post and day, whatever it holds"
    assert found.notices_sent > 0
    assert found.timers_broken == 0
    assert found.audit_ok
    assert not found.steps_refused
    assert Case.objects.count() == 0, "nothing of it is in our own database"
    assert not clock.is_virtual()
    assert any("4" in line for line in found.lines())


@pytest.mark.django_db
def test_nothing_imported_is_said() -> None:
    with pytest.raises(ReplayError, match="citycall import cases"):
        replay_cases(Wanted(load_pack(NEWTAIPEI)))


@pytest.mark.parametrize(("policy", "since"), [("atlantis", None), (str(NEWTAIPEI), "昨天")])
def test_what_cannot_be_meant_is_refused(policy: str, since: str | None) -> None:
    with pytest.raises(ReplayError):
        Wanted.read(policy, None, since, None, None)
